"""Read records back from the log, in a worker thread: the feed, histories, repeated answers."""

import asyncio

from surestock.engine.log.recovery import decode_records
from surestock.inventory.history import HistoryEntry, explain
from surestock.inventory.model import StockKey
from surestock.inventory.record import Record
from surestock.journal.read import Span, SparseIndex, read_commits


class Archive:
    """Serves durable records. ``index`` knows the durable lines, and no others."""

    def __init__(self, index: SparseIndex) -> None:
        self._index = index

    async def record(self, sequence: int) -> Record | None:
        """Return the durable record with ``sequence``, or None."""
        found = await self.records(sequence - 1, 1)
        return found[0] if found else None

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        span = self._index.span_from(after + 1)
        return [] if span is None else await asyncio.to_thread(_records, span, after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        span = self._index.span_from(after + 1)
        return [] if span is None else await asyncio.to_thread(_history, span, key, after, limit)


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
