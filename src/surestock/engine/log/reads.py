"""What is read of the embedded engine: durable state, never the overlay; else the log itself."""

import asyncio
from datetime import datetime

from surestock.engine.log.archive import Archive
from surestock.engine.log.memory import Memory
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.due import as_of, without_due
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.kit.clock import Clock
from surestock.ledger.history import HistoryEntry
from surestock.ledger.record import Record


class LogReads:
    """The reading half of :class:`~surestock.engine.log.LogEngine`."""

    def __init__(self, memory: Memory, archive: Archive, clock: Clock) -> None:
        self._memory = memory
        self._archive = archive
        self._clock = clock

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        level = self._memory.state.level(key)
        return level and without_due(self._memory.durable, level, self._clock.now())

    def _level_at(self, key: StockKey, now: datetime) -> Level | None:
        level = self._memory.state.level(key)
        return level and without_due(self._memory.durable, level, now)

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        return self._page_at(store_id, after, limit, self._clock.now())

    def _page_at(self, store_id: str, after: str, limit: int, now: datetime) -> list[Level]:
        page = self._memory.state.page(store_id, after, limit)
        return [without_due(self._memory.durable, level, now) for level in page]

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        held = self._memory.state.reservation(reservation_id)
        if held is None and self._memory.old.may_hold_reservation(reservation_id):
            return await asyncio.to_thread(self._memory.old.reservation, reservation_id)
        return held and self._reservation_at(held, self._clock.now())

    def _reservation_at(self, held: Reservation, now: datetime) -> Reservation:
        decided = self._memory.overlay.reservation(held.reservation_id)
        if decided is None:
            return held
        if decided is not held and decided.status != "expired" and not decided.is_due(now):
            # Extended or ended in time, though not durably yet: so it did not expire.
            return held
        return as_of(held, now)

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        return self._memory.state.documents.get(key)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        return self._memory.state.page_of(kind, after, limit)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        return await self._archive.records(after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        return await self._archive.history(key, after, limit)
