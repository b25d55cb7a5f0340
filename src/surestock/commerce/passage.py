"""The way of one call to the platform: past the breaker, into a place, within its time.

What comes out is an answer that was checked, one of ``errors.ERRORS``, or one of the two errors
below, which say that it is the guard that speaks and not the platform.
"""

import asyncio
from asyncio import CancelledError
from collections.abc import Awaitable, Callable
from typing import TypeVar

from msgspec import Struct

from surestock.commerce import observer
from surestock.commerce.answer import make_fit
from surestock.commerce.errors import ERRORS, REFUSALS, BadAnswer, RateLimited
from surestock.commerce.observer import Observer, Verb
from surestock.kit.clock import Clock
from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker
from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth

_T = TypeVar("_T")


class NotLetIn(Exception):
    """The call was not made: the breaker is open, or there is no place."""

    def __init__(self, why: str, outcome: str, retry_after_s: int) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.retry_after_s = retry_after_s


class TooSlow(Exception):
    """The call was made and took all the time that it had."""


class Call(Struct, frozen=True):
    """A verb, where its places are, what it is worth there, and its time."""

    verb: Verb
    places: Bulkhead
    worth: Worth
    time_s: float


class Passage:
    """Leads calls through. Failures in a row open ``breaker``; then the next call is the probe.

    A refusal is a success to the breaker, as is "no more for now": whoever says so is there. An
    answer that makes no sense is a failure: a proxy that says 200 to everything is not a platform.
    """

    def __init__(self, config: BreakerConfig, clock: Clock, told: Observer) -> None:
        self._clock = clock
        self._observer = told
        self.breaker = CircuitBreaker(config, clock.monotonic, self._tell_breaker)

    async def go(
        self, call: Call, make: Callable[[], Awaitable[_T]], check: Callable[[_T], None]
    ) -> _T:
        """Make a call, return its answer. Raises a ``CommerceError`` or one of the two above."""
        started = self._clock.monotonic()
        outcome = observer.CANCELLED
        try:
            answer = await self._let_in(call, make, check)
            outcome = observer.OK
            return answer
        except Exception as error:
            outcome = _outcome(error)
            raise
        finally:
            self._observer.called(call.verb, outcome, self._clock.monotonic() - started)

    async def _let_in(
        self, call: Call, make: Callable[[], Awaitable[_T]], check: Callable[[_T], None]
    ) -> _T:
        probes = self._ask_breaker()
        try:
            await call.places.enter(call.worth)
            try:
                # It may have opened while this one waited.
                probes = probes or self._ask_breaker()
                answer = await self._in_time(call, make, check)
            finally:
                call.places.leave()
        except NotLetIn:
            raise
        except BulkheadFull:
            if probes:
                self.breaker.failed()
            why = "Too many calls to the commerce platform are under way."
            raise NotLetIn(why, observer.SHED, 1) from None
        except (*REFUSALS, RateLimited):
            self.breaker.succeeded()
            raise
        except Exception:
            self.breaker.failed()
            raise
        except BaseException:
            if probes:  # or nobody would ever send another one
                self.breaker.failed()
            raise
        self.breaker.succeeded()
        return answer

    def _ask_breaker(self) -> bool:
        """Tell whether this call is the probe. Raises ``NotLetIn`` while it is open."""
        breaker = self.breaker
        if breaker.state is BreakerState.CLOSED:
            return False
        if breaker.try_probe():
            return True
        why = "The commerce platform has failed, and is left alone for a while."
        raise NotLetIn(why, observer.NOT_TRIED, breaker.retry_after_s())

    async def _in_time(
        self, call: Call, make: Callable[[], Awaitable[_T]], check: Callable[[_T], None]
    ) -> _T:
        limit = asyncio.timeout(call.time_s)
        asked_to_end = _cancellations()
        try:
            async with limit:
                answer = await make()
            check(answer)
            return answer
        except Exception as error:
            # A provider may turn the cancellation into an error of its own. It does not know then.
            if _cancellations() > asked_to_end:
                raise CancelledError from error
            if limit.expired():
                raise TooSlow("The commerce platform takes too long.") from error
            if isinstance(error, ERRORS):
                make_fit(error)
                if isinstance(error, BadAnswer):
                    self._observer.defect(call.verb, error)
                raise
            self._observer.defect(call.verb, error)
            raise BadAnswer("The provider of the commerce platform failed.") from error

    def _tell_breaker(self, state: BreakerState) -> None:
        self._observer.breaker(state, self.breaker.openings)


def _cancellations() -> int:
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def _outcome(error: Exception) -> str:
    if isinstance(error, NotLetIn):
        return error.outcome
    if isinstance(error, TooSlow):
        return observer.TOO_SLOW
    return next(kind.__name__ for kind in ERRORS if isinstance(error, kind))
