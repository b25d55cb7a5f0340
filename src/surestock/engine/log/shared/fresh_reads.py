"""Reads that know of whatever any process has answered before they began.

One thing more has to be known where a reservation has just run out: whether another process has
decided in time that it goes on, or was bought, and is on its way to the disk with that. Whoever
reads such a reservation, or its level, lets those who write now come to their end first.
"""

from datetime import UTC, datetime

from surestock.engine.log.reads import LogReads
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.turns import Turns
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.ledger.history import HistoryEntry
from surestock.ledger.record import Record


class FreshReads(LogReads):
    """The reading half of an engine that shares its log: each read follows the others first."""

    _following: Following
    _turns: Turns
    _sure_until = datetime.min.replace(tzinfo=UTC)
    """Whatever was decided by now, by anybody, is durable or given up."""

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        await self._following.fresh()
        now = self._clock.now()
        await self._be_sure_at(now, self._memory.durable.due(key, now))
        return self._level_at(key, now)

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        await self._following.fresh()
        now = self._clock.now()
        for level in self._memory.state.page(store_id, after, limit):
            await self._be_sure_at(now, self._memory.durable.due(level.key, now))
        return self._page_at(store_id, after, limit, now)

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        await self._following.fresh()
        now = self._clock.now()
        held = self._memory.state.reservation(reservation_id)
        if held is None:
            return await super().find_reservation(reservation_id)
        await self._be_sure_at(now, [held] if held.is_due(now) else [])
        held = self._memory.state.reservation(reservation_id)
        if held is None:  # it had its end meanwhile, and has left memory
            return await super().find_reservation(reservation_id)
        return self._reservation_at(held, now)

    async def _be_sure_at(self, now: datetime, due: list[Reservation]) -> None:
        """See to it that what is ``due`` at ``now`` has run out for everybody.

        What is shown then is as of ``now``: what becomes due meanwhile was not asked about.
        """
        for held in due:
            if held.expires_at is not None and held.expires_at > self._sure_until:
                await self._turns.passed()
                await self._following.fresh()
                self._sure_until = max(self._sure_until, now)
                return

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
