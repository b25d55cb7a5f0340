"""A number, explained: the events of one level, each with the level after it."""

from collections.abc import Iterator
from datetime import datetime

from msgspec import UNSET, Struct, UnsetType

from surestock.inventory import events as ev
from surestock.inventory.model import Level, StockKey
from surestock.ledger.event import Event
from surestock.ledger.record import Record


class HistoryEntry(Struct, frozen=True, gc=False, rename="camel"):
    """One event that touched a level, and the level after it.

    ``on_hand_delta`` and ``reserved_delta`` are what this event changed, in units.
    """

    sequence: int
    ts: datetime
    actor: str
    type: str
    on_hand_delta: int
    reserved_delta: int
    on_hand: int
    reserved: int
    qty: int
    version: int
    reason: str | UnsetType = UNSET
    reference: str | UnsetType = UNSET
    reservation_id: str | UnsetType = UNSET


def explain(record: Record, key: StockKey) -> list[HistoryEntry]:
    """Return what ``record`` did to the level of ``key``, oldest first; empty when nothing.

    A record tells the level as it left it. With several events in it, the levels between them
    follow by taking the later events back.
    """
    after = next((level for level in record.levels if level.key == key), None)
    if after is None:
        return []
    entries: list[HistoryEntry] = []
    on_hand, reserved = after.on_hand, after.reserved
    for event in reversed(record.events):
        moves = list(_moves(event, key))
        if not moves:
            continue
        on_hand_delta = sum(move[0] for move in moves)
        reserved_delta = sum(move[1] for move in moves)
        entries.append(
            _entry(record, event, after, (on_hand_delta, reserved_delta, on_hand, reserved))
        )
        on_hand -= on_hand_delta
        reserved -= reserved_delta
    entries.reverse()
    return entries


def _entry(
    record: Record, event: Event, after: Level, numbers: tuple[int, int, int, int]
) -> HistoryEntry:
    on_hand_delta, reserved_delta, on_hand, reserved = numbers
    return HistoryEntry(
        record.sequence,
        record.ts,
        record.actor,
        type(event).__name__,
        on_hand_delta,
        reserved_delta,
        on_hand,
        reserved,
        on_hand - reserved,
        after.version,
        getattr(event, "reason", None) or UNSET,
        getattr(event, "reference", None) or UNSET,
        getattr(event, "reservation_id", UNSET),
    )


def _moves(event: Event, key: StockKey) -> Iterator[tuple[int, int]]:
    """Yield (on-hand, reserved) deltas of ``event`` on ``key``."""
    if isinstance(event, ev.StockCounted | ev.StockAdjusted):
        if (event.store_id, event.sku) == key:
            yield (event.delta, 0)
    elif isinstance(event, ev.StockReserved):
        yield from ((0, line.qty) for line in event.lines if line.key == key)
    elif isinstance(event, ev.ReservationCommitted):
        yield from ((-line.qty, -line.qty) for line in event.committed if line.key == key)
        yield from ((0, -line.qty) for line in event.released if line.key == key)
    elif isinstance(event, ev.ReservationReleased | ev.ReservationExpired):
        yield from ((0, -line.qty) for line in event.lines if line.key == key)
