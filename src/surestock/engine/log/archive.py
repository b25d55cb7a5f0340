"""Read records back from the log, in a worker thread: the feed, histories, repeated answers.

A history may have to read the whole log, so histories have threads of their own: as many as come
wait for each other, and not a repeated answer or a write for them.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from threading import Event

from msgspec import Raw, Struct, json

from surestock.engine.log.config import LogConfig
from surestock.engine.log.old_segments import OldSegments
from surestock.engine.log.recovery import decode_records
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import ShuttingDown
from surestock.journal.line import Commit
from surestock.journal.read import Span, SparseIndex, read_commits
from surestock.journal.scan import Place
from surestock.journal.segment import all_segments
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record


class _Line(Struct, frozen=True):
    """The records of one line, not decoded yet."""

    first: int
    records: list[Raw]

    def holds(self, sequence: int) -> bool:
        return self.first <= sequence < self.first + len(self.records)


_HISTORIES_AT_ONCE = 2

_NO_LINE = _Line(0, [])
_split = json.Decoder(list[Raw]).decode
_decode = json.Decoder(Record).decode


class Archive:
    """Serves durable records. ``index`` knows the durable lines of the segments that are not old.

    The last line that a single record was asked of is kept: a client that repeats its commands
    repeats neighbours.
    """

    def __init__(self, config: LogConfig, index: SparseIndex) -> None:
        self._directory = config.directory
        self._archive = config.archive
        self._index = index
        self._old = OldSegments(config)
        self._line = _NO_LINE
        self._histories = ThreadPoolExecutor(_HISTORIES_AT_ONCE, "history")
        self._closed = Event()

    async def record(self, sequence: int) -> Record | None:
        """Return the durable record with ``sequence``, or None."""
        line = self._line
        if not line.holds(sequence):
            commits = self._commits(sequence, b'{"sequence":%d,' % sequence)
            line = self._line = await asyncio.to_thread(_line_with, commits, sequence)
        return _decode(line.records[sequence - line.first]) if line.holds(sequence) else None

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        return await asyncio.to_thread(_records, self._commits(after + 1), after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level.

        When nobody waits for it any more, it is given up. Raises :class:`ShuttingDown`.
        """
        if self._closed.is_set():
            raise ShuttingDown
        given_up = Event()
        # Every record that touches a level tells it afterwards, so its line holds the SKU.
        stretches = self._stretches(after + 1, f'"sku":"{key[1]}"'.encode())
        commits = self._wanted(stretches, given_up)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._histories, _history, commits, key, after, limit)
        finally:
            given_up.set()

    def close(self) -> None:
        """Give up the histories that are read, and take on no more. Waits for nothing."""
        self._closed.set()
        self._histories.shutdown(wait=False)

    def _wanted(self, stretches: Iterator[Iterator[Commit]], given_up: Event) -> Iterator[Commit]:
        """Yield the commits of ``stretches``, as long as somebody wants them.

        It is looked before each stretch, too: most may hold no commit that is of interest.
        """
        for stretch in stretches:
            self._check(given_up)
            for commit in stretch:
                self._check(given_up)
                yield commit

    def _check(self, given_up: Event) -> None:
        if given_up.is_set() or self._closed.is_set():
            raise ShuttingDown

    def _commits(self, sequence: int, needle: bytes = b"") -> Iterator[Commit]:
        """Return the durable commits from the one with ``sequence`` on, or shortly before it."""
        return chain.from_iterable(self._stretches(sequence, needle))

    def _stretches(self, sequence: int, needle: bytes = b"") -> Iterator[Iterator[Commit]]:
        """Return the same, segment by segment.

        What is durable is looked up now, on the event loop; iterating reads files.
        """
        index = self._index
        return self._read(sequence, index.begins_at, index.span_from(sequence), needle)

    def _read(
        self, sequence: int, known_from: int, span: Span | None, needle: bytes
    ) -> Iterator[Iterator[Commit]]:
        if sequence < known_from:
            firsts = [it.first for it in all_segments(self._directory, self._archive)]
            for end in [*(it for it in firsts if sequence < it < known_from), known_from]:
                yield self._old.commits(sequence, end, needle)
                sequence = end
        if span is not None:
            for piece in _by_segment(span):
                yield read_commits(piece, needle, self._archive)


def _by_segment(span: Span) -> Iterator[Span]:
    """Split a span: each piece but the last ends at the beginning of the segment after it."""
    start = span.start
    for segment, following in pairwise(span.segments):
        yield Span(start, [segment, following], 0)
        start = Place(following, 1, 0, 0)
    yield Span(start, span.segments[-1:], span.end)


def _line_with(commits: Iterator[Commit], sequence: int) -> _Line:
    for commit in commits:
        line = _Line(commit.first, _split(commit.records))
        if line.holds(sequence):
            return line
    return _NO_LINE


def _records(commits: Iterator[Commit], after: int, limit: int) -> list[Record]:
    found: list[Record] = []
    for commit in commits:
        if commit.last > after:
            found += [it for it in decode_records(commit.records) if it.sequence > after]
            if len(found) >= limit:
                break
    return found[:limit]


def _history(
    commits: Iterator[Commit], key: StockKey, after: int, limit: int
) -> list[HistoryEntry]:
    entries: list[HistoryEntry] = []
    found = 0
    for commit in commits:
        for record in decode_records(commit.records) if commit.last > after else ():
            explained = explain(record, key) if record.sequence > after else []
            entries += explained
            found += bool(explained)
            if found == limit:
                return entries
    return entries
