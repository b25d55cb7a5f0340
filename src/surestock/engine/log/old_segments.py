"""Segments that the index in memory does not know, because a start did not have to read them.

Where the lines of one stand is found out when it is first read from the middle, and remembered for
the last few.
"""

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator
from functools import lru_cache

from surestock.engine.log.config import LogConfig
from surestock.inventory.refusals import RecordsDeleted
from surestock.journal.errors import JournalDamaged
from surestock.journal.line import BadLine, Commit, decode_commit
from surestock.journal.segment import all_segments, segment_path
from surestock.journal.stored import open_segment

_PLACE_EVERY_BYTES = 256 * 1024
_SEGMENTS_REMEMBERED = 64
_LONGEST_START = 128
_first_in = re.compile(rb'"first":(\d+)').search
_last_in = re.compile(rb'"last":(\d+)').search


class OldSegments:
    """Reads commits of sealed segments, archived ones too. For worker threads."""

    def __init__(self, config: LogConfig) -> None:
        self._directory = config.directory
        self._archive = config.archive
        self._places = lru_cache(_SEGMENTS_REMEMBERED)(self._find_places)

    def commits(self, sequence: int, below: int, needle: bytes) -> Iterator[Commit]:
        """Yield the commits from the one with ``sequence``, or shortly before it, to ``below``.

        ``below`` is a record that a segment begins with. Lines without ``needle`` are left out.
        Raises :class:`RecordsDeleted` when they begin later or have a gap, and a
        :class:`~surestock.journal.errors.JournalError`.
        """
        firsts = [it.first for it in all_segments(self._directory, self._archive)]
        firsts = [first for first in firsts if first < below]
        oldest = firsts[0] if firsts else below
        if sequence < oldest:
            raise RecordsDeleted(oldest)
        expected = 0
        for first in firsts[max(bisect_right(firsts, sequence) - 1, 0) :]:
            if expected not in {0, first}:
                raise RecordsDeleted(first)
            expected = yield from self._commits_of(first, sequence, needle)
        if expected not in {0, below}:
            raise RecordsDeleted(below)

    def _commits_of(self, first: int, sequence: int, needle: bytes) -> Generator[Commit, None, int]:
        """Yield the commits of a segment; return the record that the next one must begin with."""
        number, offset = 1, 0
        if sequence > first:
            sequences, lines = self._places(first)
            number, offset = lines[max(bisect_right(sequences, sequence) - 1, 0)]
        line = b""
        with open_segment(self._directory, self._archive, first) as stored:
            for line in stored.lines(offset):
                if number > 1 and needle in line:
                    try:
                        yield decode_commit(line.rstrip(b"\n"))
                    except BadLine as error:
                        path = segment_path(self._directory, first)
                        raise JournalDamaged(path, number, offset, str(error)) from error
                offset += len(line)
                number += 1
        found = _last_in(line, 0, _LONGEST_START)
        return first if found is None else int(found[1]) + 1

    def _find_places(self, first: int) -> tuple[list[int], list[tuple[int, int]]]:
        """Return where some lines of a segment stand: their first sequences, (number, offset)."""
        sequences, lines = [0], [(1, 0)]
        offset = 0
        with open_segment(self._directory, self._archive, first) as stored:
            for number, line in enumerate(stored.lines(0), 1):
                if offset - lines[-1][1] >= _PLACE_EVERY_BYTES:
                    found = _first_in(line, 0, _LONGEST_START)
                    if found is not None:
                        sequences.append(int(found[1]))
                        lines.append((number, offset))
                offset += len(line)
        return sequences, lines
