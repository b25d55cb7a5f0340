"""Reads that know of whatever any process has answered before they began."""

from surestock.engine.log.reads import LogReads
from surestock.engine.log.shared.following import Following
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.ledger.history import HistoryEntry
from surestock.ledger.record import Record


class FreshReads(LogReads):
    """The reading half of an engine that shares its log: each read follows the others first."""

    _following: Following

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        await self._following.fresh()
        return await super().find_level(key)

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        await self._following.fresh()
        return await super().list_levels(store_id, after, limit)

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        await self._following.fresh()
        return await super().find_reservation(reservation_id)

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        await self._following.fresh()
        return await super().find_document(key)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        await self._following.fresh()
        return await super().list_documents(kind, after, limit)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` durable records with a sequence above ``after``, in order."""
        await self._following.fresh()
        return await super().records(after, limit)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        await self._following.fresh()
        return await super().history(key, after, limit)
