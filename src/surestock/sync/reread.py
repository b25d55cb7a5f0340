"""Bring single records back from the log: those of changes that were parked.

Lines tell the sequences that they hold, in order, so a line is found by halving the segment around
it. Parked changes are asked for in order: the search begins where the last one ended, with small
steps, so that a long queue costs about one pass over its stretch of the log.
"""

import re
from bisect import bisect_right
from pathlib import Path

from msgspec import DecodeError, Raw, Struct, json

from surestock.journal.errors import JournalError
from surestock.journal.line import BadLine, decode_commit
from surestock.journal.segment import all_segments
from surestock.journal.stored import StoredSegment, open_segment
from surestock.sync.errors import FoldError, without_places

_STEP = 64 * 1024
_HEAD_BYTES = 128
_COMMIT = re.compile(rb'\{"crc":"[0-9a-f]{8}","prev":"[0-9a-f]{8}","first":(\d+),"last":(\d+),')

_split = json.Decoder(list[Raw]).decode


class _Line(Struct, frozen=True):
    """The line that was read last: its segment, where it ends there, and its records."""

    segment: int
    end: int
    first: int
    records: list[Raw]

    def holds(self, sequence: int) -> bool:
        return self.first <= sequence < self.first + len(self.records)


class StoredRecords:
    """Reads the log in ``directory``, and what of it was moved to ``archive``. One thread uses it.

    Only durable records may be asked for.
    """

    def __init__(self, directory: Path, archive: Path | None) -> None:
        self._directory = directory
        self._archive = archive
        self._firsts: list[int] = []
        self._line = _Line(0, 0, 0, [])

    def read(self, sequence: int) -> Raw:
        """Return the record with ``sequence``, as JSON. Raises :class:`FoldError`."""
        line = self._line
        if not line.holds(sequence):
            try:
                line = self._line = self._find(sequence)
            except (JournalError, OSError) as error:
                msg = f"record {sequence} cannot be read again: {without_places(error)}"
                raise FoldError(msg) from error
        return line.records[sequence - line.first]

    def _find(self, sequence: int) -> _Line:
        first = self._segment_of(sequence)
        with open_segment(self._directory, self._archive, first) as segment:
            known = self._line
            is_further_on = known.segment == first and known.first < sequence
            offset = _near(segment, sequence, known.end if is_further_on else 0)
            for line in segment.lines(offset):
                head = _COMMIT.match(line)
                if head is not None and int(head[2]) >= sequence:
                    try:
                        records = _split(decode_commit(line.removesuffix(b"\n")).records)
                    except (BadLine, DecodeError) as error:
                        segment.refuse(offset, str(error))
                    found = _Line(first, offset + len(line), int(head[1]), records)
                    if found.holds(sequence):
                        return found
                    break
                offset += len(line)
        msg = f"record {sequence} is not in the log"
        raise FoldError(msg)

    def _segment_of(self, sequence: int) -> int:
        # The last one known may have been followed by others since.
        if not self._firsts or sequence >= self._firsts[-1]:
            segments = all_segments(self._directory, self._archive)
            self._firsts = [segment.first for segment in segments]
        if not self._firsts or sequence < self._firsts[0]:
            msg = f"record {sequence} is no longer in the log"
            raise FoldError(msg)
        return self._firsts[bisect_right(self._firsts, sequence) - 1]


def _near(segment: StoredSegment, sequence: int, low: int) -> int:
    """Return where a line stands that is, or comes shortly before, the one with ``sequence``.

    ``low`` must be such a place, if far before.
    """
    high, step = segment.size, _STEP
    while high - low > _STEP:
        middle = low + min(step, (high - low) // 2)
        found = _line_after(segment, middle, high)
        if found is None or found[1] > sequence:
            high = middle
        else:
            low, step = found[0], step * 2
    return low


def _line_after(segment: StoredSegment, offset: int, stop: int) -> tuple[int, int] | None:
    """Return the first line that begins after ``offset`` and before ``stop``: where, its first."""
    size = segment.size
    while offset < stop:
        chunk = segment.read_at(offset, min(_STEP - offset % _STEP, size - offset))
        end = chunk.find(b"\n")
        if end >= 0:
            start = offset + end + 1
            head = _COMMIT.match(segment.read_at(start, min(_HEAD_BYTES, size - start)))
            return None if head is None else (start, int(head[1]))
        offset += len(chunk)
    return None
