"""Read a log from its start, or from a sequence on, and believe nothing that is not proved.

Every line must carry its checksum and the checksum of the line before, and every sequence must
follow the last. What is wrong is named by file, line and byte offset.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from surestock.journal.chain import BrokenChain, Chain, header_of
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import GENESIS, LINE_START, BadLine, Commit
from surestock.journal.position import Frontier, LogPosition
from surestock.journal.segment import Segment, first_of, segment_path, segments_from
from surestock.journal.stored import StoredSegment, missing, open_segment


class Place(Struct, frozen=True):
    """Where a line stands: its segment, its number in it from 1, its first byte, its length.

    The segment may be an archived one; the bytes are counted as in the plain one all the same.
    """

    segment: Path
    line: int
    offset: int
    length: int


class TornTail(Struct, frozen=True):
    """The damaged end of the last segment, from ``offset`` on, and what is wrong with it."""

    segment: Path
    offset: int
    why: str


class LogStart(Struct, frozen=True):
    """Where to start reading: the last record before, and the checksum of the line it ended."""

    sequence: int = 0
    crc: str = GENESIS


FROM_THE_FIRST = LogStart()


class Scan:
    """One pass over a log, its archived segments included. Iterate it once.

    It begins at ``start``, or ``behind`` a position, which need not be proved again. With ``upto``
    it ends at that frontier: all before it is durable, so none of it can be a torn tail.

    Then the fields tell where the log ends: ``sequence`` is the last sound record's, ``crc`` the
    last sound line's checksum, ``last`` the place of that line, be it a header, and ``torn`` the
    torn tail if there is one. ``segments`` are the files that are looked at, in order.
    """

    def __init__(
        self,
        directory: Path,
        archive: Path | None = None,
        start: LogStart = FROM_THE_FIRST,
        *,
        behind: LogPosition | None = None,
        upto: Frontier | None = None,
    ) -> None:
        self._directory = directory
        self._archive = archive
        self._behind = behind
        self._upto = upto
        following = start.sequence + 1
        if behind is not None:
            start = LogStart(behind.sequence, behind.prev)
            following = behind.segment
        self._start = start
        if upto is not None and upto.segment == following:
            # Nothing has to be looked for, among thousands perhaps.
            path = segment_path(directory, following)
            self._segments = [Segment(following, path, archived=False)]
        else:
            self._segments = segments_from(directory, archive, following)
        if upto is not None:
            self._segments = [it for it in self._segments if it.first <= upto.segment]
        self._chain = Chain(start.sequence, start.crc)
        self.segments = [segment.path for segment in self._segments]
        self.last: Place | None = None
        self.torn: TornTail | None = None

    @property
    def sequence(self) -> int:
        """The last sound record."""
        return self._chain.sequence

    @property
    def crc(self) -> str:
        """The checksum of the last sound line."""
        return self._chain.prev

    @property
    def end(self) -> LogPosition:
        """Behind the last sound line."""
        last = self.last
        if last is None:
            return self._behind or LogPosition()
        end = last.offset + last.length
        return LogPosition(self.sequence, first_of(last.segment), end, last.line, self.crc)

    def __iter__(self) -> Iterator[tuple[Place, Commit]]:
        """Yield every group commit behind the start.

        Raises :class:`JournalDamaged`, also when a segment is missing, ``UnknownFormat``, and
        ``OSError``.
        """
        if self._upto is not None and self._upto.sequence <= self._start.sequence:
            return
        if self._start.sequence and not self._segments:
            raise missing(self._directory, self._archive, self._start.sequence + 1)
        for segment in self._segments:
            with open_segment(self._directory, self._archive, segment.first) as stored:
                yield from self._commits(segment, stored)
        if self._upto is not None and self.sequence < self._upto.sequence:
            raise missing(self._directory, self._archive, self.sequence + 1)

    def _commits(self, segment: Segment, stored: StoredSegment) -> Iterator[tuple[Place, Commit]]:
        size = stored.size
        if self._upto is not None and segment.first == self._upto.segment:
            size = self._upto.end
        place = Place(stored.path, 1, 0, 0)
        if self._behind is not None and segment.first == self._behind.segment:
            place = Place(stored.path, self._behind.lines + 1, self._behind.end, 0)
            if place.offset > size:
                _refuse(place, f"the segment ends before, at byte {size}")
        for line in stored.lines(place.offset, size):
            place = Place(stored.path, place.line, place.offset, len(line))
            try:
                commit = self._proved(place, line)
            except BadLine as error:
                rest = stored.read_at(place.offset, size - place.offset)
                self._damaged(segment, place, rest, str(error))
                return
            except BrokenChain as error:
                _refuse(place, str(error))
            self.last = place
            if commit is not None and commit.first > self._start.sequence:
                yield place, commit
            place = Place(stored.path, place.line + 1, place.offset + len(line), 0)
        if size == 0:
            self._damaged(segment, place, b"", "the segment is empty")
        elif self._chain.behind:
            _refuse(place, f"record {self._chain.expected} was expected, but the segment ends")

    def _proved(self, place: Place, line: bytes) -> Commit | None:
        """Return the group commit that ``line`` holds, None for a header; it follows the last."""
        if not line.endswith(b"\n"):
            msg = "it has no end"
            raise BadLine(msg)
        if place.line > 1:
            return self._chain.commit(line[:-1])
        header = header_of(place.segment, line[:-1])
        if header.first > self._chain.expected:
            raise missing(self._directory, self._archive, self._chain.expected)
        self._chain.header(header)
        return None

    def _damaged(self, segment: Segment, place: Place, rest: bytes, why: str) -> None:
        """Take damage for a torn tail, if it can be one line that was never acknowledged."""
        is_last = segment is self._segments[-1] and self._upto is None
        may_be_torn = is_last and not segment.archived
        one_line = rest.find(b"\n", 0, -1) < 0 and rest.find(LINE_START, 1) < 0
        if not may_be_torn or not one_line or self._chain.behind:
            _refuse(place, why)
        if place.line == 1 and segment.first > self._chain.expected:
            raise missing(self._directory, self._archive, self._chain.expected)
        self.torn = TornTail(place.segment, place.offset, why)


def _refuse(place: Place, why: str) -> NoReturn:
    raise JournalDamaged(place.segment, place.line, place.offset, why)
