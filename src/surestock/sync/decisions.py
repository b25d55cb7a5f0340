"""What was decided about dead letters, in a file that outlives the worker.

``central/dead-letters.ndjson`` only grows. A line is sealed (``crc`` first, as in the log), holds
the letters that died, were redriven or were discarded together, and is synced before anybody is
told. It is one line for all of them, so that a write that was cut short spoils just the last one::

    {"crc": "51c2e9aa", "decidedAt": "...", "letters": [{"id": "7.0", "status": "dead", ...}]}

What is said last of a letter is what holds.
"""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from msgspec import DecodeError, Struct, json

from surestock.inventory.central import DeadLetter
from surestock.journal.line import BadLine, check, seal
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, make_directory, sync_directory, write_all
from surestock.sync.errors import CentralDamaged

NAME = "dead-letters.ndjson"


class _Line(Struct, frozen=True, rename="camel"):
    decided_at: datetime
    letters: list[DeadLetter]


_encode = json.Encoder().encode
_decode = json.Decoder(_Line).decode


class DecisionFile:
    """The file in ``directory``. ``letters`` are those it held when it was opened, oldest first.

    Raises :class:`CentralDamaged` when it cannot be believed, and ``OSError``. A torn last line,
    of which nobody was told, is cut off.
    """

    def __init__(self, directory: Path, now: Callable[[], datetime]) -> None:
        self._path = directory / NAME
        self._now = now
        content = _content(directory)
        self.letters, self._size = _read(content)
        if self._size < len(content):
            self._write(b"")

    def append(self, letters: Iterable[DeadLetter]) -> None:
        """Write what was decided about ``letters`` and sync it.

        Raises ``OSError``; then the next call writes over whatever is left of this one. That holds
        for a failed sync too: the pages in question are written anew, so they are synced anew.
        """
        line, _ = seal(_encode(_Line(self._now(), list(letters)))[1:])
        self._write(line)
        self._size += len(line)

    def _write(self, line: bytes) -> None:
        """Let the file be its first ``_size`` bytes, then ``line``, durably."""
        make_directory(self._path.parent)
        hit("decisions.open")
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT, FILE_MODE)
        try:
            # Shorter than it was: somebody deleted it, and it starts anew.
            self._size = min(self._size, os.fstat(fd).st_size)
            hit("decisions.truncate")
            os.ftruncate(fd, self._size)
            os.lseek(fd, self._size, os.SEEK_SET)
            write_all(fd, line)
            hit("decisions.fsync")
            os.fsync(fd)
        finally:
            os.close(fd)
        sync_directory(self._path.parent)


def read_decisions(directory: Path) -> list[DeadLetter]:
    """Return the letters in ``directory``, oldest first, for who only looks. Nothing is cut off.

    Raises :class:`CentralDamaged` and ``OSError``.
    """
    return _read(_content(directory))[0]


def _content(directory: Path) -> bytes:
    path = directory / NAME
    return path.read_bytes() if path.exists() else b""


def _read(content: bytes) -> tuple[list[DeadLetter], int]:
    """Return the letters of the sound lines, and how many bytes those lines are."""
    letters: list[DeadLetter] = []
    offset = 0
    *whole, cut_short = content.split(b"\n")
    for number, line in enumerate(whole, start=1):
        is_last = number == len(whole) and not cut_short
        try:
            check(line)
            letters += _decode(line).letters
        except BadLine as error:
            if is_last:
                break
            raise _damaged(number, offset, str(error)) from error
        except DecodeError as error:
            raise _damaged(number, offset, f"it is no decision ({error})") from error
        offset += len(line) + 1
    return letters, offset


def _damaged(number: int, offset: int, why: str) -> CentralDamaged:
    what = f"{NAME} line {number} at byte {offset}: {why}"
    return CentralDamaged(what, "without the decisions in it")
