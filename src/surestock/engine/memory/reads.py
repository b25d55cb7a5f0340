"""What is read of the engine in memory: everything is as durable as it will ever be."""

from surestock.engine.state import State, TimedView
from surestock.engine.timers import Timers
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.due import as_of, without_due
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.kit.clock import Clock
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record


class MemoryReads:
    """The reading half of :class:`~surestock.engine.memory.MemoryEngine`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._state = State()
        self._timers = Timers(self._state.reservation)
        self._view = TimedView(self._state, self._timers)
        self._records: list[Record] = []

    async def find_level(self, key: StockKey) -> Level | None:
        """Return the level, without the reservations that are due, or None."""
        level = self._state.level(key)
        return level and without_due(self._view, level, self._clock.now())

    async def list_levels(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        now = self._clock.now()
        page = self._state.page(store_id, after, limit)
        return [without_due(self._view, level, now) for level in page]

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""
        held = self._state.reservation(reservation_id)
        return held and as_of(held, self._clock.now())

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""
        return self._state.document(key)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        return self._state.page_of(kind, after, limit)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records with a sequence above ``after``, in order."""
        return self._records[after : after + limit]

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""
        entries: list[HistoryEntry] = []
        found = 0
        for record in self._records[after:]:
            explained = explain(record, key)
            if explained:
                entries.extend(explained)
                found += 1
                if found == limit:
                    break
        return entries
