"""A reservation ends with the units that it held: so reserved stays the sum of the active ones."""

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from surestock.inventory.events import (
    ReservationCommitted,
    ReservationExpired,
    ReservationReleased,
)
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.model import Line, StockKey
from surestock.inventory.view import View

End: TypeAlias = ReservationCommitted | ReservationReleased | ReservationExpired
"""The events that end a reservation."""


def check_end(view: View, event: End) -> None:
    """Raise :class:`InvariantViolation` when ``event`` ends other units than the reservation held.

    ``view`` is the state before the record.
    """
    if isinstance(event, ReservationCommitted):
        ended = event.committed + event.released
    else:
        ended = event.lines
    held = view.reservation(event.reservation_id)
    if held is not None and held.lines != ended and _units(held.lines) != _units(ended):
        msg = (
            f"{type(event).__name__} ends {ended} of reservation {event.reservation_id}, "
            f"which held {held.lines}"
        )
        raise InvariantViolation(msg)


def _units(lines: Iterable[Line]) -> Counter[StockKey]:
    units: Counter[StockKey] = Counter()
    for line in lines:
        units[line.key] += line.qty
    return units
