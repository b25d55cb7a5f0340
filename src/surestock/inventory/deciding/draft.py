"""The record to be: the events so far, and already what they change."""

from datetime import datetime
from typing import Any

from surestock.inventory.due import without_due
from surestock.inventory.events import Event, ReservationExpired
from surestock.inventory.evolve import evolve
from surestock.inventory.model import Level, StockKey
from surestock.inventory.refusals import NotFound, VersionConflict
from surestock.inventory.view import Changes, View


class Draft(Changes):
    """What a rule works on: events are recorded and evolved at once, so it sees what it has done.

    ``view`` is the state without the draft; ``at`` is the time of the decision.
    """

    __slots__ = ("events", "record_id")

    def __init__(self, view: View, at: datetime, record_id: str) -> None:
        super().__init__(view, at)
        self.record_id = record_id
        self.events: list[Any] = []
        """Stock events, and those of whatever domain stands above the stock."""

    def record(self, event: Event) -> None:
        """Add ``event`` to the record and evolve the draft by it."""
        evolve(self, event)
        self.events.append(event)

    def expect(self, key: StockKey, expected_version: int | None) -> Level:
        """Return the level as it stands on record, checked for existence and version.

        Raises :class:`NotFound` or :class:`VersionConflict`.
        """
        level = self.view.level(key)
        if level is None:
            raise NotFound(f"SKU {key[1]} in store {key[0]}")
        if expected_version is not None and level.version != expected_version:
            raise VersionConflict(expected_version, self.shown(key))
        return level

    def expire_due(self, key: StockKey) -> None:
        """Record the end of every reservation on ``key`` whose time is over."""
        for due in self.view.due(key, self.at):
            if due.reservation_id not in self.reservations:
                self.record(ReservationExpired(due.reservation_id, due.lines))

    def settled(self, key: StockKey, expected_version: int | None) -> Level:
        """Check the level as :meth:`expect` does, expire what is due, and return what is left."""
        level = self.expect(key, expected_version)
        self.expire_due(key)
        return self.levels.get(key, level)

    def shown(self, key: StockKey) -> Level:
        """Return the level as a read shows it, for a refusal. Raises :class:`NotFound`.

        A refusal records nothing, not even the expiries that the draft has applied: their version
        would be one that no client can name.
        """
        level = self.view.level(key)
        if level is None:
            raise NotFound(f"SKU {key[1]} in store {key[0]}")
        return without_due(self.view, level, self.at)
