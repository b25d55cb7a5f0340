"""How far a log that several processes write is durable: one page of memory that they all map.

Whoever appends writes it after its fdatasync, and before anybody is answered. So what it tells is
durable, everything that was ever answered is in what it tells, and to find out whether others
committed something costs a comparison of 60 bytes.

A file, so that unrelated processes find it; never synced, since it is worth nothing after the
machine has stopped: it names the boot that it was written in, and another one does not believe it.
Whoever has the log for itself removes it (:func:`forget_frontier`).

The page, native byte order: ``sequence, segment, end, lines`` (u64 each), ``prev`` (8 characters),
the boot id (16 bytes), CRC-32 of the bytes before (u32); at byte 128, when a writer was wanted last
(u64, nanoseconds of the monotonic clock, a hint that nothing rests on).
"""

import mmap
import os
from pathlib import Path
from struct import Struct as Layout
from uuid import UUID
from zlib import crc32

from surestock.journal.errors import JournalError
from surestock.journal.position import LogPosition
from surestock.kit.boot import boot_id
from surestock.kit.files import FILE_MODE, is_same_file

_NAME = "frontier"
_BYTES = 4096
_FIELDS = Layout("=QQQQ8s16s")
_CRC = Layout("=I")
_SIZE = _FIELDS.size + _CRC.size
_WANTED = Layout("=Q")
_WANTED_AT = 128
_NOTHING = bytes(_SIZE)
_LOOKS = 100


class FrontierTorn(JournalError):
    """The page is not whole: whoever writes it was stopped in the middle, or somebody else did."""

    def __init__(self) -> None:
        super().__init__("The page that tells how far the event log is durable is not whole.")


class FrontierPage:
    """The page of the log in ``directory``, made when there is none. Raises ``OSError``."""

    def __init__(self, directory: Path) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        self._path = directory / _NAME
        self._fd = os.open(self._path, flags, FILE_MODE)
        try:
            # All of it has its room now: to write it later must not fail on a full disk.
            os.posix_fallocate(self._fd, 0, _BYTES)
            self._map = mmap.mmap(self._fd, _BYTES)
        except BaseException:
            os.close(self._fd)
            raise
        self._boot = UUID(boot_id()).bytes

    def raw(self) -> bytes:
        """Return the bytes as they are, to be compared with those of another look."""
        return self._map[:_SIZE]

    def read(self) -> LogPosition | None:
        """Return how far the log is durable; None when nobody has told since the machine started.

        Somebody may write meanwhile: then it is looked again. Raises :class:`FrontierTorn` when
        that does not come to an end.
        """
        for _ in range(_LOOKS):
            raw = self.raw()
            content = raw[: _FIELDS.size]
            if _CRC.unpack_from(raw, _FIELDS.size)[0] == crc32(content):
                sequence, segment, end, lines, prev, boot = _FIELDS.unpack(content)
                if boot != self._boot:
                    return None
                return LogPosition(sequence, segment, end, lines, prev.decode("ascii"))
            if raw == _NOTHING:
                return None
        raise FrontierTorn

    def is_in_use(self) -> bool:
        """Tell whether others find the same page; not so when its file was removed or replaced."""
        return is_same_file(self._fd, self._path)

    def write(self, position: LogPosition) -> None:
        """Tell how far it is durable. Only the writer lock's holder may. Raises ``OSError``."""
        content = _FIELDS.pack(
            position.sequence,
            position.segment,
            position.end,
            position.lines,
            position.prev.encode("ascii"),
            self._boot,
        )
        os.pwrite(self._fd, content + _CRC.pack(crc32(content)), 0)

    def want(self, monotonic_s: float) -> None:
        """Let whoever has the writer lock know that it is wanted, at this time."""
        _WANTED.pack_into(self._map, _WANTED_AT, int(monotonic_s * 1e9))

    def wanted_at(self) -> float:
        """Return when somebody wanted the writer lock last, in seconds of the monotonic clock."""
        wanted_ns: int = _WANTED.unpack_from(self._map, _WANTED_AT)[0]
        return wanted_ns / 1e9

    def close(self) -> None:
        """Let go of the page."""
        self._map.close()
        os.close(self._fd)


def forget_frontier(directory: Path) -> None:
    """Remove the page of a log that one process has for itself, so that nobody believes it."""
    (directory / _NAME).unlink(missing_ok=True)
