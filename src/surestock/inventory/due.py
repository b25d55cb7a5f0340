"""What a reader sees after a reservation's time is over, and before a record says so."""

from datetime import datetime

from msgspec.structs import replace

from surestock.inventory.model import Level, Reservation
from surestock.inventory.view import View


def without_due(view: View, level: Level, now: datetime) -> Level:
    """Return ``level`` as it counts at ``now``: reservations that are due no longer do."""
    key = level.key
    due = sum(line.qty for held in view.due(key, now) for line in held.lines if line.key == key)
    return replace(level, reserved=level.reserved - due) if due else level


def as_of(held: Reservation, now: datetime) -> Reservation:
    """Return ``held`` as it counts at ``now``: expired, when its time is over."""
    return replace(held, status="expired") if held.is_due(now) else held
