"""Read records back from the log, in a worker thread: the feed, histories, repeated answers."""

import asyncio

from msgspec import Raw, Struct, json

from surestock.engine.log.recovery import decode_records
from surestock.inventory.history import HistoryEntry, explain
from surestock.inventory.model import StockKey
from surestock.inventory.record import Record
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
    """Serves durable records. ``index`` knows the durable lines, and no others.

    The last line that a single record was asked of is kept: a client that repeats its commands
    repeats neighbours.
    """

    def __init__(self, index: SparseIndex) -> None:
        self._index = index
        self._line = _NO_LINE

    async def record(self, sequence: int) -> Record | None:
        """Return the durable record with ``sequence``, or None."""
        line = self._line
        if not line.holds(sequence):
            span = self._index.span_from(sequence)
            if span is None:
                return None
            line = self._line = await asyncio.to_thread(_line_with, span, sequence)
        return _decode(line.records[sequence - line.first]) if line.holds(sequence) else None

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        span = self._index.span_from(after + 1)
        return [] if span is None else await asyncio.to_thread(_records, span, after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        span = self._index.span_from(after + 1)
        return [] if span is None else await asyncio.to_thread(_history, span, key, after, limit)


def _line_with(span: Span, sequence: int) -> _Line:
    for commit in read_commits(span, b'{"sequence":%d,' % sequence):
        line = _Line(commit.first, _split(commit.records))
        if line.holds(sequence):
            return line
    return _NO_LINE


def _records(span: Span, after: int, limit: int) -> list[Record]:
    found: list[Record] = []
    for commit in read_commits(span):
        if commit.last > after:
            found += [it for it in decode_records(commit.records) if it.sequence > after]
            if len(found) >= limit:
                break
    return found[:limit]


def _history(span: Span, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
    # Every record that touches a level tells it afterwards, so its line holds the SKU as a string.
    needle = f'"sku":"{key[1]}"'.encode()
    entries: list[HistoryEntry] = []
    found = 0
    for commit in read_commits(span, needle):
        for record in decode_records(commit.records) if commit.last > after else ():
            explained = explain(record, key) if record.sequence > after else []
            entries += explained
            found += bool(explained)
            if found == limit:
                return entries
    return entries
