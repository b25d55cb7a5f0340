"""The shapes of the answers about stock and reservations."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from surestock.api.schemas.values import (
    Delta,
    Identifier,
    Quantity,
    Shown,
    Units,
    Version,
)


class StockRecord(Shown):
    """A level: ``qty`` = ``onHand`` - ``reserved`` is what can still be sold."""

    store_id: Identifier
    sku: Identifier
    qty: Quantity
    on_hand: Quantity
    reserved: Quantity
    version: Version
    updated_at: datetime


class StockChange(StockRecord):
    """A level after a mutation, and the mutation's place in the log."""

    sequence: Annotated[int, Field(ge=1)]


class StockReserved(StockChange):
    """A level after a reserve, and the reservation."""

    reservation_id: Identifier
    expires_at: datetime | None


class StockList(Shown):
    """A page of a store's levels, by SKU; ``nextCursor`` is null on the last one."""

    items: list[StockRecord]
    next_cursor: str | None


class ReservedLine(Shown):
    """A quantity of one SKU in one store."""

    store_id: Identifier
    sku: Identifier
    qty: Units


class ReservationShown(Shown):
    """A reservation; ``committed`` are the lines that left on-hand, once it is committed."""

    reservation_id: Identifier
    status: Literal["active", "committed", "released", "expired"]
    lines: list[ReservedLine]
    expires_at: datetime | None
    committed: list[ReservedLine] = Field(default_factory=list)
    reference: str | None = None


class ReservationChange(ReservationShown):
    """A reservation after a mutation, and the mutation's place in the log."""

    sequence: Annotated[int, Field(ge=1)]


class HistoryItem(Shown):
    """One event that touched a level, and the level after it."""

    sequence: Annotated[int, Field(ge=1)]
    ts: datetime
    actor: str
    type: str
    on_hand_delta: Delta
    reserved_delta: Delta
    on_hand: Quantity
    reserved: Quantity
    qty: Quantity
    version: Version
    reason: str | None = None
    reference: str | None = None
    reservation_id: Identifier | None = None


class History(Shown):
    """What explains a number, oldest first; ``nextAfter`` asks for what comes next."""

    items: list[HistoryItem]
    next_after: Annotated[int, Field(ge=0)]
