"""What stock is: levels, lines and reservations, as immutable values.

They are ``msgspec`` structs: typed, small (no garbage-collector header), encoded to and decoded
from the event log in C. Equality is by value.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

MAX_QUANTITY = 9_007_199_254_740_991
"""The largest quantity: 2**53 - 1, the largest integer that every JSON reader keeps exact."""

StockKey: TypeAlias = tuple[str, str]
"""(store id, SKU): what a level belongs to, what is locked, what a version counts for."""

Status: TypeAlias = Literal["active", "committed", "released", "expired"]


class Line(Struct, frozen=True, gc=False, rename="camel"):
    """A quantity of one SKU in one store."""

    store_id: str
    sku: str
    qty: int

    @property
    def key(self) -> StockKey:
        """The level that this line is about."""
        return (self.store_id, self.sku)


class Level(Struct, frozen=True, gc=False, rename="camel"):
    """The stock of one SKU in one store.

    ``on_hand`` units are physically there; ``reserved`` of them belong to active reservations.
    ``version`` starts at 1 and goes up by 1 with each record that touches the level.
    """

    store_id: str
    sku: str
    on_hand: int
    reserved: int
    version: int
    updated_at: datetime

    @property
    def key(self) -> StockKey:
        """What this level is the level of."""
        return (self.store_id, self.sku)

    @property
    def available(self) -> int:
        """Units that can still be sold: on-hand less reserved."""
        return self.on_hand - self.reserved


class Reservation(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """Stock set aside for an owner, with exactly one end.

    ``expires_at`` of None never expires. ``committed`` holds the lines that left on-hand, once the
    status is ``committed`` (a part of ``lines``, or all of them). ``held_for`` is the user whose
    checkout made it: nothing else may end or extend it.
    """

    reservation_id: str
    lines: tuple[Line, ...]
    status: Status
    expires_at: datetime | None = None
    reference: str | None = None
    committed: tuple[Line, ...] = ()
    held_for: str | None = None

    def is_due(self, now: datetime) -> bool:
        """Tell whether it still counts as active on record, though its time is over."""
        return self.status == "active" and self.expires_at is not None and self.expires_at <= now
