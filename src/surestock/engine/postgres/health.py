"""Whether the database is asked at all: not while its breaker is open.

When it cannot be reached, each try takes its time, and every command would wait for that in vain.
After some failures in a row nothing is asked any more, until a probe was answered.
"""

import asyncio
from collections.abc import Awaitable, Callable

from surestock.database import DatabaseError
from surestock.engine.postgres.observer import PostgresObserver
from surestock.inventory.unavailable import CircuitOpen
from surestock.kit.clock import Clock
from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker

_LOOKS_A_COOLDOWN = 50
_LONGEST_LOOK_S = 0.1
_LONG_S = 5.0


class Health:
    """The breaker on the database. ``opened`` is called when it opens."""

    def __init__(self, config: BreakerConfig, clock: Clock, observer: PostgresObserver) -> None:
        self._config = config
        self._observer = observer
        self._breaker = CircuitBreaker(config, clock.monotonic, self._changed)
        self._changes = asyncio.Event()
        self._why = ""
        self._clock = clock
        self._held_up_since: float | None = None
        self._held_up_at = 0.0
        self._held_up_by = ""
        self.opened: Callable[[], None] = lambda: None

    @property
    def state(self) -> BreakerState:
        """The state of the breaker."""
        return self._breaker.state

    @property
    def is_open(self) -> bool:
        """Whether nothing is asked now."""
        return self._breaker.state is not BreakerState.CLOSED

    def check(self) -> None:
        """Raise :class:`CircuitOpen` when nothing is asked now."""
        if self.is_open:
            raise self.refusal()

    def refusal(self) -> CircuitOpen:
        """Return what whoever asks is told while the breaker is open."""
        return CircuitOpen("The database does not answer.", self._breaker.retry_after_s())

    def answered(self) -> None:
        """Take note that the database answered."""
        self._breaker.succeeded()

    def failed(self, error: DatabaseError) -> None:
        """Take note that it did not."""
        self._why = str(error)
        self._breaker.failed()

    def held_up(self, error: DatabaseError) -> None:
        """Take note that changes did not come through. Reads may, all the while."""
        self._held_up_at = self._clock.monotonic()
        if self._held_up_since is None:
            self._held_up_since = self._held_up_at
        self._held_up_by = str(error)

    def came_through(self) -> None:
        """Take note that changes did."""
        self._held_up_since = None

    def reasons(self) -> tuple[str, ...]:
        """Return in words why nothing is asked, and what happens next; empty when it is."""
        if not self.is_open:
            return ()
        every = f"every {self._config.cooldown_s:g} s"
        return (f"{self._why}; it is tried {every} and used again once it answers",)

    def warnings(self) -> tuple[str, ...]:
        """Say that no change comes through, once that is so for long and somebody still tries."""
        now, since = self._clock.monotonic(), self._held_up_since
        if since is None or now - since < _LONG_S or now - self._held_up_at > _LONG_S:
            return ()
        told = f"no change has come through for {now - since:.0f} s: {self._held_up_by}"
        return (told,)

    async def keep(self, probe: Callable[[], Awaitable[None]]) -> None:
        """Close the breaker again each time that it opens, until cancelled.

        ``probe`` raises a ``DatabaseError`` when the database cannot be used.
        """
        look_s = min(self._config.cooldown_s / _LOOKS_A_COOLDOWN, _LONGEST_LOOK_S)
        while True:
            self._changes.clear()
            if self._breaker.try_probe():
                try:
                    await probe()
                except DatabaseError as error:
                    self.failed(error)
                except BaseException:
                    self._breaker.failed()
                    raise
                else:
                    self.answered()
            elif self.is_open:
                await asyncio.sleep(look_s)
            else:
                await self._changes.wait()

    def _changed(self, state: BreakerState) -> None:
        self._changes.set()
        self._observer.breaker(state, self._breaker.openings)
        if state is BreakerState.OPEN:
            self.opened()
