"""Places in a log: how far it is durable, and where to read or to write on."""

from pathlib import Path

from msgspec import Struct

from surestock.journal.line import GENESIS
from surestock.journal.segment import segment_path


class Frontier(Struct, frozen=True):
    """How far a log is durable: up to record ``sequence``, which ends before byte ``end``.

    ``segment`` is the sequence that the segment of that record starts with.
    """

    sequence: int
    segment: int
    end: int


class LogPosition(Struct, frozen=True):
    """Behind the line that ends with record ``sequence``, or behind a header that follows it.

    The line is number ``lines`` of the segment that starts with record ``segment`` (0: there is no
    segment yet), ends before byte ``end`` of it, and has checksum ``prev``.
    """

    sequence: int = 0
    segment: int = 0
    end: int = 0
    lines: int = 0
    prev: str = GENESIS

    @property
    def frontier(self) -> Frontier | None:
        """The same, for those who only read; None when there is no segment."""
        return Frontier(self.sequence, self.segment, self.end) if self.segment else None

    def path(self, directory: Path) -> Path | None:
        """Return the segment's path in ``directory``; None when there is no segment."""
        return segment_path(directory, self.segment) if self.segment else None
