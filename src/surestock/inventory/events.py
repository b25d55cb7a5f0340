"""What happened. Past tense; one fact each; complete enough to be read without other state.

The ``type`` member of an event in the log is the name of its class.
"""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from surestock.inventory.model import Line


class _Event(
    Struct, frozen=True, gc=False, rename="camel", tag_field="type", tag=True, omit_defaults=True
):
    """How every event is written."""


class StockCounted(_Event, frozen=True, gc=False, tag=True):
    """On-hand was counted. ``delta`` is what that changed against the book."""

    store_id: str
    sku: str
    on_hand: int
    delta: int
    reason: str | None = None


class StockAdjusted(_Event, frozen=True, gc=False, tag=True):
    """On-hand changed by ``delta``."""

    store_id: str
    sku: str
    delta: int
    reason: str | None = None
    reference: str | None = None


class StockReserved(_Event, frozen=True, gc=False, tag=True):
    """All ``lines`` became reserved. ``held_for`` is the user whose checkout they are for."""

    reservation_id: str
    lines: tuple[Line, ...]
    expires_at: datetime | None = None
    reference: str | None = None
    held_for: str | None = None


class ReservationCommitted(_Event, frozen=True, gc=False, tag=True):
    """``committed`` left on-hand; ``released`` (the rest of the reservation) became available."""

    reservation_id: str
    committed: tuple[Line, ...]
    released: tuple[Line, ...] = ()


class ReservationReleased(_Event, frozen=True, gc=False, tag=True):
    """All ``lines`` became available again, because a client said so."""

    reservation_id: str
    lines: tuple[Line, ...]


class ReservationExpired(_Event, frozen=True, gc=False, tag=True):
    """All ``lines`` became available again, because the time was over."""

    reservation_id: str
    lines: tuple[Line, ...]


class ReservationExtended(_Event, frozen=True, gc=False, tag=True):
    """The reservation expires at ``expires_at`` now. No level changes."""

    reservation_id: str
    expires_at: datetime


Event: TypeAlias = (
    StockCounted
    | StockAdjusted
    | StockReserved
    | ReservationCommitted
    | ReservationReleased
    | ReservationExpired
    | ReservationExtended
)
