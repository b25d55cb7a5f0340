"""Read records back from the log, in a worker thread: the feed, histories, repeated answers."""

import asyncio
from collections.abc import Iterator

from msgspec import Raw, Struct, json

from surestock.engine.log.config import LogConfig
from surestock.engine.log.old_segments import OldSegments
from surestock.engine.log.recovery import decode_records
from surestock.inventory.history import HistoryEntry, explain
from surestock.inventory.model import StockKey
from surestock.inventory.record import Record
from surestock.journal.line import Commit
from surestock.journal.read import Span, SparseIndex, read_commits


class _Line(Struct, frozen=True):
    """The records of one line, not decoded yet."""

    first: int
    records: list[Raw]

    def holds(self, sequence: int) -> bool:
        return self.first <= sequence < self.first + len(self.records)


_NO_LINE = _Line(0, [])
_split = json.Decoder(list[Raw]).decode
_decode = json.Decoder(Record).decode


class Archive:
    """Serves durable records. ``index`` knows the durable lines of the segments that are not old.

    The last line that a single record was asked of is kept: a client that repeats its commands
    repeats neighbours.
    """

    def __init__(self, config: LogConfig, index: SparseIndex) -> None:
        self._archive = config.archive
        self._index = index
        self._old = OldSegments(config)
        self._line = _NO_LINE

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
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        # Every record that touches a level tells it afterwards, so its line holds the SKU.
        commits = self._commits(after + 1, f'"sku":"{key[1]}"'.encode())
        return await asyncio.to_thread(_history, commits, key, after, limit)

    def _commits(self, sequence: int, needle: bytes = b"") -> Iterator[Commit]:
        """Return the durable commits from the one with ``sequence`` on, or shortly before it.

        What is durable is looked up now, on the event loop; iterating reads files.
        """
        index = self._index
        return self._read(sequence, index.begins_at, index.span_from(sequence), needle)

    def _read(
        self, sequence: int, known_from: int, span: Span | None, needle: bytes
    ) -> Iterator[Commit]:
        if sequence < known_from:
            yield from self._old.commits(sequence, known_from, needle)
        if span is not None:
            yield from read_commits(span, needle, self._archive)


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
