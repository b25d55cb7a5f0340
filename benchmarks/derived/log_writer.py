"""Lines into segments, as the journal writes them, but without a sync for each line."""

import os
from pathlib import Path
from typing import BinaryIO, Final

from surestock.journal.line import GENESIS, encode_commit, encode_header
from surestock.journal.position import Frontier
from surestock.journal.segment import segment_path
from surestock.kit.files import FILE_MODE, make_directory

_SEGMENT_BYTES: Final = 64 * 1024 * 1024
_BUFFER_BYTES: Final = 1024 * 1024


class LogWriter:
    """The open end of a log in ``directory``, which it begins. ``written`` counts its bytes."""

    def __init__(self, directory: Path) -> None:
        make_directory(directory)
        self._directory = directory
        self._sink: BinaryIO | None = None
        self._crc = GENESIS
        self._first = 0
        self._last = 0
        self._size = 0
        self._sealed = True
        self.written = 0

    def write(self, first: int, last: int, ts: str, records: list[bytes]) -> None:
        """Write the records ``first`` to ``last``, made until ``ts``, as one line."""
        if self._sealed or self._size >= _SEGMENT_BYTES or self._sink is None:
            self.flush()
            self._sink = self._begin(self._sink, first, ts)
        line, self._crc = encode_commit(self._crc, first, last, ts, records)
        self._sink.write(line)
        self._size += len(line)
        self.written += len(line)
        self._last = last

    def _begin(self, before: BinaryIO | None, first: int, ts: str) -> BinaryIO:
        """Begin a segment. Who sees it may take the one before for durable, as in the service."""
        if before is not None:
            before.close()
        header, self._crc = encode_header(self._crc, first, ts)
        path = segment_path(self._directory, first)
        begun = path.with_suffix(".begun")
        begun.write_bytes(header)
        begun.chmod(FILE_MODE)
        begun.rename(path)
        self._first, self._size, self._sealed = first, len(header), False
        return path.open("ab", buffering=_BUFFER_BYTES)

    def seal(self) -> None:
        """Let the next line begin a new segment."""
        self._sealed = True

    def flush(self) -> None:
        """Make everything durable that was written."""
        if self._sink is not None:
            self._sink.flush()
            os.fsync(self._sink.fileno())

    def frontier(self) -> Frontier:
        """Return where the log ends. Flush it first."""
        return Frontier(self._last, self._first, self._size)

    def close(self) -> None:
        """Make all durable and let go of the file."""
        self.flush()
        if self._sink is not None:
            self._sink.close()
            self._sink = None
