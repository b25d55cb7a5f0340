"""The JSON of an answer: one shape for reads, for mutations, and for what the log remembers."""

from datetime import datetime

from msgspec import UNSET, Raw, Struct, UnsetType, json

from surestock.inventory import commands as cmd
from surestock.inventory.central import CentralStock
from surestock.inventory.commands import Command
from surestock.inventory.model import Level, Line, Reservation, Status
from surestock.inventory.view import Changes

_encode = json.Encoder().encode


class Reply(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """The answer to a command. ``body`` is its JSON, kept byte for byte for replays.

    ``version`` is that of the level, when the command was about one; ``created`` tells that
    something came to be (a level, a reservation); ``reservation_id`` names the reservation made.
    ``failure`` is the stable code of what went wrong, when the command was to record a failure.
    """

    body: Raw
    version: int | None = None
    created: bool = False
    reservation_id: str | None = None
    failure: str | None = None


class StockBody(Struct, frozen=True, gc=False, rename="camel"):
    """A level as clients see it; a mutation adds its sequence and the reservation it made."""

    store_id: str
    sku: str
    qty: int
    on_hand: int
    reserved: int
    version: int
    updated_at: datetime
    sequence: int | UnsetType = UNSET
    reservation_id: str | UnsetType = UNSET
    expires_at: datetime | UnsetType | None = UNSET


class ReservationBody(Struct, frozen=True, gc=False, rename="camel"):
    """A reservation as clients see it; a mutation adds its sequence."""

    reservation_id: str
    status: Status
    lines: tuple[Line, ...]
    expires_at: datetime | None
    committed: tuple[Line, ...] | UnsetType = UNSET
    reference: str | UnsetType = UNSET
    held_for: str | UnsetType = UNSET
    sequence: int | UnsetType = UNSET


class StoreBody(Struct, frozen=True, gc=False, rename="camel"):
    """A level as a part of its SKU."""

    qty: int
    on_hand: int
    reserved: int
    version: int
    updated_at: datetime


class CentralBody(Struct, frozen=True, rename="camel"):
    """A SKU over all stores as clients see it: the sums, and each store by its id."""

    sku: str
    qty: int
    on_hand: int
    reserved: int
    stores: dict[str, StoreBody]
    diverged: bool
    applied_sequence: int | UnsetType = UNSET


def central_body(stock: CentralStock, applied_sequence: int | UnsetType = UNSET) -> CentralBody:
    """Show a SKU over all stores, alone also with the last sequence in the view."""
    levels = stock.levels
    on_hand = sum(level.on_hand for level in levels)
    reserved = sum(level.reserved for level in levels)
    stores = {
        it.store_id: StoreBody(it.available, it.on_hand, it.reserved, it.version, it.updated_at)
        for it in levels
    }
    return CentralBody(
        stock.sku,
        on_hand - reserved,
        on_hand,
        reserved,
        stores,
        stock.diverged,
        applied_sequence,
    )


def stock_body(level: Level) -> StockBody:
    """Show a level."""
    return StockBody(
        level.store_id,
        level.sku,
        level.on_hand - level.reserved,
        level.on_hand,
        level.reserved,
        level.version,
        level.updated_at,
    )


def reservation_body(held: Reservation, sequence: int | UnsetType = UNSET) -> ReservationBody:
    """Show a reservation."""
    return ReservationBody(
        held.reservation_id,
        held.status,
        held.lines,
        held.expires_at,
        held.committed if held.status == "committed" else UNSET,
        UNSET if held.reference is None else held.reference,
        UNSET if held.held_for is None else held.held_for,
        sequence,
    )


def reply_to(command: Command, changes: Changes, record_id: str, sequence: int) -> Reply:
    """Make the answer to ``command`` from what its record changed."""
    if isinstance(command, cmd.ReserveStock):
        level = changes.levels[command.store_id, command.sku]
        made = changes.reservations[record_id]
        body = _mutation(level, sequence, record_id, made.expires_at)
        return Reply(Raw(_encode(body)), level.version, reservation_id=record_id)
    if isinstance(command, cmd.MakeReservation):
        made = changes.reservations[record_id]
        return Reply(
            Raw(_encode(reservation_body(made, sequence))), created=True, reservation_id=record_id
        )
    if isinstance(command, cmd.ReservationCommand):
        held = changes.reservations[command.reservation_id]
        return Reply(Raw(_encode(reservation_body(held, sequence))))
    level = changes.levels[command.store_id, command.sku]
    body = _mutation(level, sequence)
    return Reply(Raw(_encode(body)), level.version, created=level.version == 1)


def _mutation(
    level: Level,
    sequence: int,
    reservation_id: str | UnsetType = UNSET,
    expires_at: datetime | UnsetType | None = UNSET,
) -> StockBody:
    return StockBody(
        level.store_id,
        level.sku,
        level.on_hand - level.reserved,
        level.on_hand,
        level.reserved,
        level.version,
        level.updated_at,
        sequence,
        reservation_id,
        expires_at,
    )
