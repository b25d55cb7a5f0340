"""How each event about stock changes the state. No other code does."""

from collections.abc import Callable
from typing import Any

from surestock.inventory import events as ev
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.model import Line, Reservation, Status
from surestock.inventory.view import Changes


def evolve(changes: Changes, event: ev.Event) -> None:
    """Apply ``event`` to ``changes``.

    Raises :class:`InvariantViolation` when the event cannot follow from the state, as only a
    defect or a damaged log can bring about.
    """
    STOCK_CHANGES[type(event)](changes, event)


def _counted(changes: Changes, event: ev.StockCounted) -> None:
    key = (event.store_id, event.sku)
    if changes.level(key) is None:
        changes.open(event.store_id, event.sku, event.on_hand)
        return
    level = changes.move(key, event.delta, 0)
    if level.on_hand != event.on_hand:
        msg = f"a count of {event.on_hand} for {key} does not follow from {event.delta:+}"
        raise InvariantViolation(msg)


def _adjusted(changes: Changes, event: ev.StockAdjusted) -> None:
    changes.move((event.store_id, event.sku), event.delta, 0)


def _reserved(changes: Changes, event: ev.StockReserved) -> None:
    if changes.reservation(event.reservation_id) is not None:
        msg = f"reservation {event.reservation_id} was made twice"
        raise InvariantViolation(msg)
    lines = []
    for line in event.lines:
        level = changes.move((line.store_id, line.sku), 0, line.qty)
        if line.sku is not level.sku:
            # Keep the level's own strings, not one more copy of them in each reservation.
            line = Line(level.store_id, level.sku, line.qty)  # noqa: PLW2901
        lines.append(line)
    changes.reservations[event.reservation_id] = Reservation(
        event.reservation_id,
        tuple(lines),
        "active",
        event.expires_at,
        event.reference,
        (),
        event.held_for,
    )


def _committed(changes: Changes, event: ev.ReservationCommitted) -> None:
    for line in event.committed:
        changes.move((line.store_id, line.sku), -line.qty, -line.qty)
    for line in event.released:
        changes.move((line.store_id, line.sku), 0, -line.qty)
    _end(changes, event.reservation_id, "committed", event.committed)


def _released(changes: Changes, event: ev.ReservationReleased) -> None:
    for line in event.lines:
        changes.move((line.store_id, line.sku), 0, -line.qty)
    _end(changes, event.reservation_id, "released")


def _expired(changes: Changes, event: ev.ReservationExpired) -> None:
    for line in event.lines:
        changes.move((line.store_id, line.sku), 0, -line.qty)
    _end(changes, event.reservation_id, "expired")


def _extended(changes: Changes, event: ev.ReservationExtended) -> None:
    held = _active(changes, event.reservation_id)
    changes.reservations[event.reservation_id] = Reservation(
        held.reservation_id,
        held.lines,
        "active",
        event.expires_at,
        held.reference,
        (),
        held.held_for,
    )


def _active(changes: Changes, reservation_id: str) -> Reservation:
    held = changes.reservation(reservation_id)
    if held is None or held.status != "active":
        msg = f"an event needs reservation {reservation_id} active, but it is {held}"
        raise InvariantViolation(msg)
    return held


def _end(
    changes: Changes, reservation_id: str, status: Status, committed: tuple[Line, ...] = ()
) -> None:
    held = _active(changes, reservation_id)
    changes.reservations[reservation_id] = Reservation(
        held.reservation_id,
        held.lines,
        status,
        held.expires_at,
        held.reference,
        committed,
        held.held_for,
    )


STOCK_CHANGES: dict[type, Callable[[Changes, Any], None]] = {
    ev.StockCounted: _counted,
    ev.StockAdjusted: _adjusted,
    ev.StockReserved: _reserved,
    ev.ReservationCommitted: _committed,
    ev.ReservationReleased: _released,
    ev.ReservationExpired: _expired,
    ev.ReservationExtended: _extended,
}
