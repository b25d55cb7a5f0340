"""State that is decided and not yet durable, laid over the durable state.

The next command on a hot level decides on this, so that many commands share one fdatasync. Reads
never look here.
"""

from collections.abc import Iterable
from datetime import datetime

from surestock.engine.log.ticket import Pending
from surestock.engine.state import State
from surestock.engine.timers import Timers
from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.model import Level, Reservation, StockKey


class Overlay:
    """The newest decided state. Implements ``inventory.view.View``.

    Every record makes values of its own, so whether a value here is a record's is told by identity.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._levels: dict[StockKey, Level] = {}
        self._reservations: dict[str, Reservation] = {}
        self._extended: dict[str, Reservation] = {}
        self._documents: dict[DocumentKey, Document] = {}
        self._recalled: Reservation | None = None
        self.timers = Timers(self.reservation)

    def level(self, key: StockKey) -> Level | None:
        """Return the level as decided, or None."""
        return self._levels.get(key) or self._state.levels.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation as decided, or None."""
        decided = self._reservations.get(reservation_id)
        held = decided or self._state.reservations.get(reservation_id)
        if held is None and self._recalled is not None:
            recalled = self._recalled
            return recalled if recalled.reservation_id == reservation_id else None
        return held

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document as decided, or None."""
        decided = self._documents.get(key)
        if decided is None:
            return self._state.documents.get(key)
        return None if type(decided) is Gone else decided

    def recall(self, held: Reservation) -> None:
        """Know for the next decision a reservation that left memory: it has had its end."""
        self._recalled = held

    def due(self, key: StockKey, now: datetime) -> list[Reservation]:
        """Return the reservations with a line on ``key`` that are due as decided."""
        candidates = self.timers.candidates(key, now)
        if not candidates:
            return []
        due = []
        for reservation_id in candidates:
            held = self.reservation(reservation_id)
            if held is not None and held.is_due(now):
                due.append(held)
        return due

    def holds(self, keys: Iterable[StockKey]) -> bool:
        """Tell whether anything that was decided about these keys is not durable yet.

        An extension touches no level, and still keeps units from becoming available.
        """
        keys = set(keys)
        return (
            not keys.isdisjoint(self._levels)
            or not keys.isdisjoint(self._documents)
            or any(line.key in keys for held in self._extended.values() for line in held.lines)
        )

    def add(self, pending: Pending) -> None:
        """Lay what a record changes on top."""
        for level in pending.levels:
            self._levels[level.store_id, level.sku] = level
        for held in pending.reservations:
            self._reservations[held.reservation_id] = held
            self.timers.add(held)
            if not pending.levels:
                self._extended[held.reservation_id] = held

        for document in pending.documents:
            self._documents[document.key] = document

    def settle(self, pending: Pending) -> None:
        """Let go of a record whose changes the durable state holds now."""
        for level in pending.levels:
            key = (level.store_id, level.sku)
            if self._levels[key] is level:
                del self._levels[key]
        for held in pending.reservations:
            if self._reservations[held.reservation_id] is held:
                del self._reservations[held.reservation_id]
                self._extended.pop(held.reservation_id, None)
            if held.status != "active":
                self.timers.drop(held)
        for document in pending.documents:
            if self._documents[document.key] is document:
                del self._documents[document.key]

    def drop(self) -> None:
        """Let go of everything: what was decided did not become durable."""
        decided = list(self._reservations.values())
        self._levels.clear()
        self._reservations.clear()
        self._extended.clear()
        self._documents.clear()
        for lost in decided:
            self.timers.drop(lost)
            held = self._state.reservations.get(lost.reservation_id)
            if held is not None:
                self.timers.add(held)
