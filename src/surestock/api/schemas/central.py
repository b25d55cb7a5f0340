"""The shapes of the central view and of its dead letters."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from surestock.api.query import Count
from surestock.api.schemas.stock import StockPage
from surestock.api.schemas.values import Body, Identifier, Quantity, Shown, Text, Version
from surestock.inventory.model import MAX_QUANTITY

_Sum: TypeAlias = Annotated[int, Field(ge=0)]
_Sequence: TypeAlias = Annotated[int, Field(ge=0)]


class AtLeast(Body):
    """How new an answer must be: the X-Commit-Sequence of what it must not miss."""

    min_sequence: Count = Field(default=0, ge=0, le=MAX_QUANTITY)


class LetterPage(StockPage):
    """Which part of the list of dead letters is asked for."""


class DiscardBody(Body):
    """Why a parked change is given up."""

    reason: Text = Field(examples=["counted again by hand"])


class StoreStock(Shown):
    """The stock of one SKU in one store."""

    qty: Quantity
    on_hand: Quantity
    reserved: Quantity
    version: Version
    updated_at: datetime


class CentralItem(Shown):
    """One SKU: sums over all stores, and each of them by its id.

    ``diverged`` tells that a change of it is parked as a dead letter, so the numbers are not those
    of the log.
    """

    sku: Identifier
    qty: _Sum
    on_hand: _Sum
    reserved: _Sum
    stores: dict[str, StoreStock]
    diverged: bool


class CentralRecord(CentralItem):
    """One SKU, and the last sequence in the view."""

    applied_sequence: _Sequence


class CentralList(Shown):
    """A page of the central view, by SKU; ``nextCursor`` is null on the last one."""

    items: list[CentralItem]
    next_cursor: str | None
    applied_sequence: _Sequence


class SyncResult(Shown):
    """What a sync folded, what it parked, and how far the view is."""

    applied: _Sum
    dead_lettered: _Sum
    applied_sequence: _Sequence


class LetterShown(Shown):
    """A change that could not be folded; ``parked`` later ones of its SKU wait behind it."""

    id: Identifier
    sequence: Annotated[int, Field(ge=1)]
    store_id: Identifier
    sku: Identifier
    status: Literal["retrying", "dead", "redriven", "discarded"]
    attempts: Annotated[int, Field(ge=0)]
    error: str
    failed_at: datetime
    parked: _Sum
    reason: str | None


class LetterList(Shown):
    """A page of the dead letters, oldest first; ``nextCursor`` is null on the last one."""

    items: list[LetterShown]
    next_cursor: str | None
