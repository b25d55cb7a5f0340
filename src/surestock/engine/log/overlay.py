"""State that is decided and not yet durable, laid over the durable state.

The next command on a hot level decides on this, so that many commands share one fdatasync. Reads
never look here.
"""

from collections.abc import Iterable
from datetime import datetime

from surestock.engine.log.ticket import Pending
from surestock.engine.state import State
from surestock.engine.timers import Timers
from surestock.inventory.model import Level, Reservation, StockKey


class Overlay:
    """The newest decided state. Implements ``inventory.view.View``."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._levels: dict[StockKey, Pending] = {}
        self._reservations: dict[str, Pending] = {}
        self.timers = Timers(self.reservation)

    def level(self, key: StockKey) -> Level | None:
        """Return the level as decided, or None."""
        newest = self._levels.get(key)
        return self._state.levels.get(key) if newest is None else newest.changes.levels[key]

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation as decided, or None."""
        newest = self._reservations.get(reservation_id)
        if newest is None:
            return self._state.reservations.get(reservation_id)
        return newest.changes.reservations[reservation_id]

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

    def latest(self, keys: Iterable[StockKey], reservation_id: str | None) -> Pending | None:
        """Return the newest record in the overlay that touched one of these, or None."""
        latest: Pending | None = None
        found = [self._levels[key] for key in keys if key in self._levels]
        if reservation_id is not None and reservation_id in self._reservations:
            found.append(self._reservations[reservation_id])
        for pending in found:
            if latest is None or pending.promised.sequence > latest.promised.sequence:
                latest = pending
        return latest

    def add(self, pending: Pending) -> None:
        """Lay what a record changes on top."""
        changes = pending.changes
        for key in changes.levels:
            self._levels[key] = pending
        for reservation_id, held in changes.reservations.items():
            self._reservations[reservation_id] = pending
            if held.expires_at is not None:
                self.timers.add(held)

    def settle(self, pending: Pending) -> None:
        """Let go of a record whose changes the durable state holds now."""
        changes = pending.changes
        for key in changes.levels:
            if self._levels[key] is pending:
                del self._levels[key]
        for reservation_id, held in changes.reservations.items():
            if self._reservations[reservation_id] is pending:
                del self._reservations[reservation_id]
            if held.status != "active":
                self.timers.drop(held)

    def drop(self) -> None:
        """Let go of everything: what was decided did not become durable."""
        decided = [it.changes.reservations[id_] for id_, it in self._reservations.items()]
        self._levels.clear()
        self._reservations.clear()
        for lost in decided:
            self.timers.drop(lost)
            held = self._state.reservations.get(lost.reservation_id)
            if held is not None:
                self.timers.add(held)
