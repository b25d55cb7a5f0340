"""The shapes of the answers about the service itself, its feed and its batches."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from surestock.api.schemas.values import Identifier, Quantity, Shown, Version


class LevelAfter(Shown):
    """A level as a record left it."""

    store_id: Identifier
    sku: Identifier
    on_hand: Quantity
    reserved: Quantity
    version: Version
    updated_at: datetime


class EventShown(BaseModel):
    """One fact; its other members depend on its type."""

    model_config = ConfigDict(extra="allow")

    type: Literal[
        "StockCounted",
        "StockAdjusted",
        "StockReserved",
        "ReservationCommitted",
        "ReservationReleased",
        "ReservationExpired",
        "ReservationExtended",
        "ProductPut",
        "CartOpened",
        "ItemPut",
        "ItemRemoved",
        "CartRepriced",
        "CartDropped",
        "CartSynced",
        "CartSyncFailed",
        "CheckoutBegun",
        "PlacingBegun",
        "CheckoutDoubted",
        "CheckoutCompleted",
        "CheckoutFailed",
        "CartClosed",
        "CheckoutForgotten",
    ]


class FeedItem(Shown):
    """What one command committed."""

    sequence: Annotated[int, Field(ge=1)]
    id: str
    ts: datetime
    actor: str
    events: list[EventShown]
    levels: list[LevelAfter]


class Feed(Shown):
    """Durable records in sequence order, without a gap; ``nextAfter`` asks for what comes next."""

    items: list[FeedItem]
    next_after: Annotated[int, Field(ge=0)]


class RowResult(BaseModel):
    """The answer to one row: its status, and the members of a stock change or of a problem."""

    model_config = ConfigDict(extra="allow")

    status: Annotated[int, Field(ge=200, le=599)]


class BatchResult(Shown):
    """One answer to each operation, in order."""

    results: list[RowResult]


class Healthy(Shown):
    """The service answers."""

    status: Literal["ok"]


class SyncShown(Shown):
    """How the central view is kept. While nobody keeps it, work is taken on all the same.

    The lag is in records of the log, and in seconds since the oldest of them was written.
    """

    alive: bool
    applied_sequence: Annotated[int, Field(ge=0)]
    lag_events: Annotated[int, Field(ge=0)]
    lag_seconds: Annotated[float, Field(ge=0)]


class Readiness(Shown):
    """Whether the service takes on work, and if not, why.

    The breaker ``journal`` is on the event log; where a database is in its place, ``database`` is.
    The breaker ``locks`` is there when several processes may serve the same log. ``warnings`` say
    what is not as it should be, though everything is answered, and rightly.
    """

    ready: bool
    breakers: dict[str, Literal["closed", "open", "half_open"]]
    queue_depth: Quantity
    mode: Literal["read_write", "read_only"]
    sync: SyncShown
    reasons: list[str]
    warnings: list[str]


class Counters(Shown):
    """Counted since the service started, over all of its processes."""

    requests: int
    errors: int
    conflicts: int
    idempotent_hits: int
    rate_limited: int
    shed: int
    breaker_open: int
    fs_retries: int
    snapshots: int
    lock_acquired: int
    lock_contended: int
    lock_stolen: int
    lock_expired: int
    lock_lost: int
    lock_release_failures: int
