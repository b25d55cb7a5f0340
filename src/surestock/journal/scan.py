"""Read a log from its start, and believe nothing that is not proved.

Every line must carry its checksum and the checksum of the line before, and every sequence must
follow the last. What is wrong is named by file, line and byte offset.
"""

from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path

from msgspec import Struct

from surestock.journal.errors import JournalDamaged, UnknownFormat
from surestock.journal.line import (
    FORMAT,
    GENESIS,
    LINE_START,
    BadLine,
    Commit,
    decode_commit,
    decode_header,
)
from surestock.journal.segment import first_of, list_segments


class Place(Struct, frozen=True):
    """Where a line stands: its segment, its number in it from 1, its first byte, its length."""

    segment: Path
    line: int
    offset: int
    length: int


class TornTail(Struct, frozen=True):
    """The damaged end of the last segment, from ``offset`` on, and what is wrong with it."""

    segment: Path
    offset: int
    why: str


class Scan:
    """One pass over a log. Iterate it once; then the fields tell where the log ends.

    ``sequence`` is the last sound record's, ``crc`` the last sound line's checksum, ``torn`` the
    torn tail if there is one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.segments = list_segments(directory)
        self.sequence = 0
        self.crc = GENESIS
        self.torn: TornTail | None = None

    def __iter__(self) -> Iterator[tuple[Place, Commit]]:
        """Yield every group commit.

        Raises :class:`JournalDamaged` or :class:`UnknownFormat`.
        """
        for path in self.segments:
            if path.stat().st_size == 0:
                self._damaged(Place(path, 1, 0, 0), b"", "the segment is empty")
                return
            with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as content:
                yield from self._segment(path, content)

    def _segment(self, path: Path, content: mmap) -> Iterator[tuple[Place, Commit]]:
        offset, number, size = 0, 0, len(content)
        while offset < size:
            number += 1
            end = content.find(b"\n", offset)
            stop = size if end < 0 else end
            place = Place(path, number, offset, stop + 1 - offset)
            line = content[offset:stop]
            try:
                if end < 0:
                    self._damaged(place, line, "it has no end")
                    return
                if number == 1:
                    self._header(place, line)
                else:
                    yield place, self._commit(place, line)
            except BadLine as error:
                self._damaged(place, content[offset:], str(error))
                return
            offset = stop + 1

    def _header(self, place: Place, line: bytes) -> None:
        header = decode_header(line)
        if header.format != FORMAT:
            raise UnknownFormat(place.segment, header.format)
        self._follows(place, header.prev, header.first)
        if header.first != first_of(place.segment):
            self._refuse(place, f"the segment starts with record {header.first}, unlike its name")
        self.crc = header.crc

    def _commit(self, place: Place, line: bytes) -> Commit:
        commit = decode_commit(line)
        self._follows(place, commit.prev, commit.first)
        if commit.last < commit.first:
            self._refuse(place, f"it holds records {commit.first} to {commit.last}")
        self.crc, self.sequence = commit.crc, commit.last
        return commit

    def _follows(self, place: Place, prev: str, first: int) -> None:
        if first != self.sequence + 1:
            self._refuse(place, f"record {self.sequence + 1} was expected, but {first} follows")
        if prev != self.crc:
            self._refuse(place, f"it follows a line with checksum {prev}, not {self.crc}")

    def _refuse(self, place: Place, why: str) -> None:
        raise JournalDamaged(place.segment, place.line, place.offset, why)

    def _damaged(self, place: Place, rest: bytes, why: str) -> None:
        """Take damage for a torn tail, if it can be one line that was never acknowledged."""
        last_segment = place.segment == self.segments[-1]
        one_line = rest.find(b"\n", 0, -1) < 0 and rest.find(LINE_START, 1) < 0
        if not last_segment or not one_line:
            self._refuse(place, why)
        self.torn = TornTail(place.segment, place.offset, why)
