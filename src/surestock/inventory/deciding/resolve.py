"""Commit, release and extend: what can become of a reservation."""

from datetime import timedelta

from msgspec.structs import replace

from surestock.inventory.commands import (
    CommitReservation,
    ExtendReservation,
    ReleaseReservation,
)
from surestock.inventory.deciding.draft import Draft
from surestock.inventory.events import (
    ReservationCommitted,
    ReservationExtended,
    ReservationReleased,
)
from surestock.inventory.model import Line, Reservation, StockKey
from surestock.inventory.refusals import (
    LinesNotReserved,
    NotFound,
    ReservationHeld,
    ReservationResolved,
)


def commit(draft: Draft, command: CommitReservation) -> None:
    """Let the reserved units leave on-hand: all of them, or the part that was named."""
    held = _active(draft, command.reservation_id)
    committed = held.lines if command.lines is None else _named_part(held, command.lines)
    take(draft, held, committed)


def take(draft: Draft, held: Reservation, committed: tuple[Line, ...]) -> None:
    """Let ``committed``, which is a part of what an active reservation holds, leave on-hand."""
    for line in held.lines:
        draft.expire_due(line.key)
    taken = {line.key: line.qty for line in committed}
    rest = (Line(it.store_id, it.sku, it.qty - taken.get(it.key, 0)) for it in held.lines)
    released = tuple(line for line in rest if line.qty > 0)
    draft.record(ReservationCommitted(held.reservation_id, committed, released))


def release(draft: Draft, command: ReleaseReservation) -> None:
    """Give all units back."""
    give_back(draft, _active(draft, command.reservation_id))


def give_back(draft: Draft, held: Reservation) -> None:
    """Give all units of an active reservation back."""
    for line in held.lines:
        draft.expire_due(line.key)
    draft.record(ReservationReleased(held.reservation_id, held.lines))


def extend(draft: Draft, command: ExtendReservation) -> None:
    """Set a new time to expire. No level is touched, so no version goes up."""
    held = _active(draft, command.reservation_id)
    expires_at = draft.at + timedelta(seconds=command.ttl_s)
    draft.record(ReservationExtended(held.reservation_id, expires_at))


def _active(draft: Draft, reservation_id: str) -> Reservation:
    held = draft.view.reservation(reservation_id)
    if held is None:
        raise NotFound(f"reservation {reservation_id}")
    if held.is_due(draft.at):
        raise ReservationResolved(replace(held, status="expired"))
    if held.status != "active":
        raise ReservationResolved(held)
    if held.held_for is not None:
        raise ReservationHeld(held)
    return held


def _named_part(held: Reservation, lines: tuple[Line, ...]) -> tuple[Line, ...]:
    part: dict[StockKey, Line] = {}
    for line in lines:
        same = part.get(line.key)
        part[line.key] = line if same is None else replace(line, qty=same.qty + line.qty)
    reserved = {line.key: line.qty for line in held.lines}
    for key, line in part.items():
        if line.qty > reserved.get(key, 0):
            raise LinesNotReserved(held, line)
    return tuple(part.values())
