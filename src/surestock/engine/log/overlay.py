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
        self._levels: dict[StockKey, tuple[Level, Pending]] = {}
        self._reservations: dict[str, tuple[Reservation, Pending]] = {}
        self.timers = Timers(self.reservation)

    def level(self, key: StockKey) -> Level | None:
        """Return the level as decided, or None."""
        decided = self._levels.get(key)
        return self._state.levels.get(key) if decided is None else decided[0]

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation as decided, or None."""
        decided = self._reservations.get(reservation_id)
        return self._state.reservations.get(reservation_id) if decided is None else decided[0]

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
        found = [self._levels[key][1] for key in keys if key in self._levels]
        if reservation_id is not None and reservation_id in self._reservations:
            found.append(self._reservations[reservation_id][1])
        for pending in found:
            if latest is None or pending.promised.sequence > latest.promised.sequence:
                latest = pending
        return latest

    def add(self, pending: Pending) -> None:
        """Lay what a record changes on top."""
        changes = pending.changes
        for key, level in changes.levels.items():
            self._levels[key] = (level, pending)
        for reservation_id, held in changes.reservations.items():
            self._reservations[reservation_id] = (held, pending)
            self.timers.add(held)

    def settle(self, pending: Pending) -> None:
        """Let go of a record whose changes the durable state holds now."""
        changes = pending.changes
        for key in changes.levels:
            if self._levels[key][1] is pending:
                del self._levels[key]
        for reservation_id, held in changes.reservations.items():
            if self._reservations[reservation_id][1] is pending:
                del self._reservations[reservation_id]
            if held.status != "active":
                self.timers.drop(held)

    def drop(self) -> None:
        """Let go of everything: what was decided did not become durable."""
        decided = [held for held, _ in self._reservations.values()]
        self._levels.clear()
        self._reservations.clear()
        for lost in decided:
            self.timers.drop(lost)
            held = self._state.reservations.get(lost.reservation_id)
            if held is not None:
                self.timers.add(held)
