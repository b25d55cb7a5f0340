"""The shapes of the answers about the service itself, its feed and its batches."""

from datetime import datetime
from typing import Annotated, Any, Literal

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


class Readiness(Shown):
    """Whether the service takes on work, and if not, why. ``sync`` is null without a worker."""

    ready: bool
    breakers: dict[str, Literal["closed", "open", "half_open"]]
    queue_depth: Quantity
    mode: Literal["read_write", "read_only"]
    sync: dict[str, Any] | None
    reasons: list[str]


class Counters(Shown):
    """Counted since the process started."""

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
