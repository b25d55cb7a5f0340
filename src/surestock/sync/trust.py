"""Whether the worker is asked at all: a breaker around every wait for one that is connected.

A worker that hangs keeps its socket open, so each request would wait out its whole time for it.
After some that did in a row, the next ones fail at once; then one real question is let through.

What it cannot help is not held against it: a sequence that the log has not reached, a client who
hung up, work that takes long and goes on. A worker that is not there has a sentence of its own.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec import Struct

from surestock.inventory.unavailable import CentralBehind, CircuitOpen
from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker
from surestock.sync.connection import NO_WORKER, WorkerConnection
from surestock.sync.lag import Lag
from surestock.sync.questions import NoSuchThing, WorkerDeclined


class Wait(Struct):
    """One wait. ``asked`` is set once the worker has been asked: what is left is its answer."""

    asked: bool = False


class Trust:
    """Bounds each wait for the worker, and gives up waiting where that is in vain."""

    def __init__(
        self,
        config: BreakerConfig,
        monotonic: Callable[[], float],
        lag: Lag,
        connection: WorkerConnection,
    ) -> None:
        self._threshold = config.threshold
        self._lag = lag
        self._connection = connection
        self.breaker = CircuitBreaker(config, monotonic)

    @asynccontextmanager
    async def within(self, seconds: float, min_sequence: int = 0) -> AsyncIterator[Wait]:
        """Give what is waited for inside so many seconds.

        Raises :class:`CentralBehind` after them, :class:`CircuitOpen` before anything is asked.
        """
        is_probe = self._admit(min_sequence)
        wait, before = Wait(), self._lag.progress.applied_sequence
        has_ended_well = False
        try:
            async with asyncio.timeout(seconds):
                yield wait
            has_ended_well = True
        except TimeoutError:
            moved = not wait.asked and self._lag.progress.applied_sequence > before
            if not is_probe and not moved and self._is_to_blame(min_sequence):
                self.breaker.failed()
            raise CentralBehind(self._what_keeps_it(min_sequence)) from None
        except NoSuchThing:
            has_ended_well = True
            raise
        except WorkerDeclined as declined:
            has_ended_well = True
            raise CentralBehind(str(declined)) from None
        except CentralBehind:
            # It reports that it folds nothing, and why: it speaks, so it is asked again.
            has_ended_well = self._lag.progress.stopped is not None
            raise
        finally:
            if has_ended_well:
                self.breaker.succeeded()
            elif is_probe:
                self.breaker.failed()

    def _admit(self, min_sequence: int) -> bool:
        """Return whether this call is the probe. Raises :class:`CircuitOpen`."""
        breaker = self.breaker
        if breaker.state is BreakerState.CLOSED or not self._connection.alive:
            return False
        if min_sequence <= self._lag.durable and breaker.try_probe():
            return True
        what = f"The sync worker did not answer {self._threshold} times running."
        raise CircuitOpen(what, breaker.retry_after_s())

    def _is_to_blame(self, min_sequence: int) -> bool:
        if self.breaker.state is not BreakerState.CLOSED:
            return False  # it was asked before, and the probe decides now
        return self._connection.alive and min_sequence <= self._lag.durable

    def _what_keeps_it(self, min_sequence: int) -> str:
        if not self._connection.alive:
            return NO_WORKER
        durable = self._lag.durable
        if min_sequence > durable:
            return f"The log is at sequence {durable} and has not reached {min_sequence} yet."
        behind = self._lag.events
        if behind:
            return f"The central view is {behind} records behind. Try again in a moment."
        return "The sync worker does not answer. Try again in a moment."
