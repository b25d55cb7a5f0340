"""The record to be: the events so far, already evolved, so that a rule sees what it has done."""

from datetime import datetime

from surestock.inventory.due import without_due
from surestock.inventory.events import Event, ReservationExpired
from surestock.inventory.evolve import evolve
from surestock.inventory.model import Level, StockKey
from surestock.inventory.refusals import NotFound, VersionConflict
from surestock.inventory.view import Changes, View


class Draft:
    """What a rule works on: reads go to the view through what the draft has changed."""

    __slots__ = ("changes", "events", "now", "record_id", "view")

    def __init__(self, view: View, now: datetime, record_id: str) -> None:
        self.view = view
        self.now = now
        self.record_id = record_id
        self.events: list[Event] = []
        self.changes = Changes(view, now)

    def record(self, event: Event) -> None:
        """Add ``event`` to the record and evolve the draft by it."""
        evolve(self.changes, event)
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
        for due in self.view.due(key, self.now):
            if due.reservation_id not in self.changes.reservations:
                self.record(ReservationExpired(due.reservation_id, due.lines))

    def level(self, key: StockKey) -> Level:
        """Return the level as the draft has it. Raises :class:`NotFound`."""
        level = self.changes.level(key)
        if level is None:
            raise NotFound(f"SKU {key[1]} in store {key[0]}")
        return level

    def shown(self, key: StockKey) -> Level:
        """Return the level as a read shows it, for a refusal. Raises :class:`NotFound`.

        A refusal records nothing, not even the expiries that the draft has applied: their version
        would be one that no client can name.
        """
        level = self.view.level(key)
        if level is None:
            raise NotFound(f"SKU {key[1]} in store {key[0]}")
        return without_due(self.view, level, self.now)
