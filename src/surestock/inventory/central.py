"""The central view: the stock of each SKU over all stores, as far as the log was folded into it.

It is derived and it lags: the answer says up to which sequence it knows. Whoever keeps it stands
behind the port :class:`Central`; the API asks and never folds.
"""

from datetime import datetime
from typing import Literal, Protocol, TypeAlias

from msgspec import Struct

from surestock.inventory.model import Level

LetterStatus: TypeAlias = Literal["retrying", "dead", "redriven", "discarded"]


class CentralStock(Struct, frozen=True, rename="camel"):
    """One SKU in every store that has it: ``levels`` are sorted by store.

    ``diverged`` tells that a change of this SKU is parked, so its numbers are not those of the log.
    """

    sku: str
    levels: tuple[Level, ...]
    diverged: bool = False


class CentralPage(Struct, frozen=True, rename="camel"):
    """Some SKUs of the central view, in order, and the last sequence that was folded into it."""

    items: list[CentralStock]
    applied_sequence: int


class DeadLetter(Struct, frozen=True, rename="camel"):
    """A change that could not be folded, and is parked instead of holding up the others.

    ``id`` is ``<sequence>.<index of the level in its record>``. ``parked`` counts the later changes
    of the SKU that wait behind it. ``reason`` is why it was discarded.
    """

    id: str
    sequence: int
    store_id: str
    sku: str
    status: LetterStatus
    attempts: int
    error: str
    failed_at: datetime
    parked: int = 0
    reason: str | None = None


class Synced(Struct, frozen=True, rename="camel"):
    """What a sync did: changes folded, changes parked, and how far the view is now."""

    applied: int
    dead_lettered: int
    applied_sequence: int


class SyncStatus(Struct, frozen=True, rename="camel"):
    """How the central view is kept. ``dead_letters`` are the open ones.

    The lag is in records of the log, and in seconds since the oldest of them was written.
    ``breaker`` tells whether whoever keeps the view is asked ("closed"), left alone ("open") or
    tried ("half_open"); it opened ``breaker_openings`` times so far.
    """

    alive: bool
    applied_sequence: int
    lag_events: int
    lag_seconds: float
    snapshots: int
    dead_letters: int
    breaker: str = "closed"
    breaker_openings: int = 0


class Central(Protocol):
    """Answers from the central view. Every wait is bounded."""

    async def sync(self) -> Synced:
        """Return once every change that is durable now is in the view, or parked.

        Raises :class:`~surestock.inventory.unavailable.CentralBehind` or ``CircuitOpen``, as every
        call here may.
        """
        ...

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU, or None, and the last sequence in the view.

        Waits up to 2 s for the view to reach ``min_sequence``; then it is ``CentralBehind``.
        """
        ...

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return up to ``limit`` SKUs that sort after ``after``, in order."""
        ...

    async def dead_letters(self, after: str, limit: int) -> list[DeadLetter]:
        """Return up to ``limit`` changes that were parked, after letter ``after``, oldest first.

        Those that have had their end count too. ``after`` is an id, or empty for the first ones.
        """
        ...

    async def redrive(self, letter_id: str) -> DeadLetter:
        """Try a parked change again, and those behind it. Raises ``NotFound``."""
        ...

    async def discard(self, letter_id: str, reason: str) -> DeadLetter:
        """Give a parked change up, and fold those behind it. Raises ``NotFound``."""
        ...

    def status(self) -> SyncStatus:
        """Return how the view is, as far as is known now; waits for nothing."""
        ...
