"""What a client can ask for. Imperatives; immutable; valid by construction in the API layer."""

from typing import TypeAlias

from msgspec import Struct

from surestock.inventory.model import Line, StockKey


class CountStock(Struct, frozen=True, tag=True):
    """Record a physical count: on-hand is ``on_hand`` from now on. Opens the level when unknown."""

    store_id: str
    sku: str
    on_hand: int
    expected_version: int | None = None
    must_exist: bool = False
    must_not_exist: bool = False
    reason: str | None = None


class AdjustStock(Struct, frozen=True, tag=True):
    """Change on-hand by ``delta`` units, which may be negative."""

    store_id: str
    sku: str
    delta: int
    expected_version: int | None = None
    reason: str | None = None
    reference: str | None = None


class ReserveStock(Struct, frozen=True, tag=True):
    """Reserve ``qty`` units of one SKU, for ``ttl_s`` seconds or for good."""

    store_id: str
    sku: str
    qty: int
    expected_version: int | None = None
    ttl_s: int | None = None
    reference: str | None = None


class ExpectedLine(Struct, frozen=True):
    """A line to reserve, and the version that the client believes its level to have."""

    line: Line
    expected_version: int | None = None


class MakeReservation(Struct, frozen=True, tag=True):
    """Reserve all lines or none, over any stores. Each (store, SKU) stands in one line only."""

    lines: tuple[ExpectedLine, ...]
    ttl_s: int | None = None
    reference: str | None = None


class CommitReservation(Struct, frozen=True, tag=True):
    """Let the reserved units leave on-hand: all, or only ``lines`` (the rest is released).

    Lines that name the same level are summed.
    """

    reservation_id: str
    lines: tuple[Line, ...] | None = None


class ReleaseReservation(Struct, frozen=True, tag=True):
    """Give the reserved units back."""

    reservation_id: str


class ExtendReservation(Struct, frozen=True, tag=True):
    """Let the reservation expire ``ttl_s`` seconds from now, instead of when it would have."""

    reservation_id: str
    ttl_s: int


class ExpireReservations(Struct, frozen=True, tag=True):
    """Record the end of the reservations that are due on ``key``. Sent by the service itself."""

    store_id: str
    sku: str


StockCommand: TypeAlias = CountStock | AdjustStock | ReserveStock | ExpireReservations
"""The commands that are about one level."""

ReservationCommand: TypeAlias = CommitReservation | ReleaseReservation | ExtendReservation
"""The commands that are about one existing reservation."""

Command: TypeAlias = StockCommand | MakeReservation | ReservationCommand


def stock_key(command: StockCommand) -> StockKey:
    """Return the level that a single-SKU command is about."""
    return (command.store_id, command.sku)
