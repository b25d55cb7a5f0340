"""Serve lines of the log that are durable, from any sequence on, without holding it in memory."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from surestock.journal.errors import JournalDamaged
from surestock.journal.line import BadLine, Commit, decode_commit
from surestock.journal.scan import Place
from surestock.journal.segment import first_of
from surestock.journal.stored import open_segment

_INDEX_EVERY_BYTES = 256 * 1024


class Span(Struct, frozen=True):
    """A durable stretch of the log: from the line at ``start``, up to byte ``end`` of ``stop``.

    ``segments`` are the files that it runs through, in order, those of start and stop included.
    """

    start: Place
    segments: list[Path]
    end: int


class SparseIndex:
    """Knows where some lines stand: one every 256 KiB of log, and the first of each segment.

    It knows nothing of the records before ``begins_at``, which a segment begins with.
    """

    def __init__(self) -> None:
        self.begins_at = 1
        self._firsts: list[int] = []
        self._places: list[Place] = []
        self._end: Place | None = None

    def add(self, first: int, place: Place) -> None:
        """Note that the durable line at ``place`` starts with record ``first``. In order only."""
        self._end = place
        if self._places:
            last = self._places[-1]
            near = place.offset - last.offset < _INDEX_EVERY_BYTES
            if near and last.segment == place.segment:
                return
        self._firsts.append(first)
        self._places.append(place)

    def begin_at(self, sequence: int) -> None:
        """Forget the lines before record ``sequence``, which a segment begins with."""
        position = bisect_left(self._firsts, sequence)
        del self._firsts[:position], self._places[:position]
        self.begins_at = sequence
        if not self._places:
            self._end = None

    def span_from(self, sequence: int) -> Span | None:
        """Return the span from the line with ``sequence``, or one shortly before it, to the end."""
        position = max(bisect_right(self._firsts, sequence) - 1, 0)
        if self._end is None:
            return None
        segments = list(dict.fromkeys(place.segment for place in self._places[position:]))
        return Span(self._places[position], segments, self._end.offset + self._end.length)


def read_commits(span: Span, needle: bytes = b"", archive: Path | None = None) -> Iterator[Commit]:
    """Yield the group commits of ``span``, in order. Lines without ``needle`` are left out.

    A segment that was moved into ``archive`` meanwhile is read there. Raises
    :class:`JournalDamaged` when a line is not what its checksum says, or a segment is missing.
    """
    number, offset = span.start.line, span.start.offset
    for path in span.segments:
        with open_segment(path.parent, archive or path.parent, first_of(path)) as segment:
            stop = span.end if path == span.segments[-1] else segment.size
            for line in segment.lines(offset, stop):
                if number > 1 and needle in line:
                    try:
                        yield decode_commit(line[:-1])
                    except BadLine as error:
                        raise JournalDamaged(segment.path, number, offset, str(error)) from error
                offset += len(line)
                number += 1
        number, offset = 1, 0
