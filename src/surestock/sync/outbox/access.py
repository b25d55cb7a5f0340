"""A connection that many use in turns: each within its time, and nobody while it is in vain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import asyncpg

from surestock.database import DatabaseConfig, DatabaseError, Lane, TryAgain
from surestock.inventory.unavailable import CentralBehind, CircuitOpen, DatabaseUnavailable
from surestock.kit.errors import SurestockError
from surestock.resilience.breaker import BreakerState, CircuitBreaker
from surestock.telemetry.log import Log

_T = TypeVar("_T")

_LEAST_S = 0.005


class Access:
    """Asks over one connection, made when it is needed. ``breaker`` may be shared with others."""

    def __init__(self, database: DatabaseConfig, breaker: CircuitBreaker, log: Log) -> None:
        self._lane = Lane(database)
        self._breaker = breaker
        self._log = log
        self._turn = asyncio.Lock()
        self._is_lost = False

    async def ask(self, work: Callable[[asyncpg.Connection], Awaitable[_T]], until: float) -> _T:
        """Do ``work`` with the connection before ``until``, by the loop's clock.

        The opening of a connection has its own time, and comes on top: cut off by the time of each
        question, one that is slow would never be made.

        Raises :class:`DatabaseUnavailable`, :class:`CircuitOpen`, and :class:`CentralBehind` when
        it is not one's turn in time, or somebody else is changing what it is about.
        """
        is_probe = self._admit()
        try:
            async with self._my_turn(until):
                return await self._ask(work, until)
        except BaseException:
            if is_probe and self._breaker.state is BreakerState.HALF_OPEN:
                self._breaker.failed()  # it has come to nothing
            raise

    async def close(self) -> None:
        """End the connection."""
        await self._lane.close()

    def _admit(self) -> bool:
        """Return whether this call is the probe. Raises :class:`CircuitOpen`."""
        if self._breaker.state is BreakerState.CLOSED:
            return False
        if self._breaker.try_probe():
            return True
        raise CircuitOpen("The database does not answer.", self._breaker.retry_after_s())

    @asynccontextmanager
    async def _my_turn(self, until: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout_at(until - _LEAST_S):
                await self._turn.acquire()
        except TimeoutError:
            msg = "Too many requests wait for the central view. Try again."
            raise CentralBehind(msg) from None
        try:
            yield
        finally:
            self._turn.release()

    async def _ask(self, work: Callable[[asyncpg.Connection], Awaitable[_T]], until: float) -> _T:
        now = asyncio.get_running_loop().time
        left_s = until - now()
        try:
            await self._lane.open()
            async with asyncio.timeout_at(now() + left_s), self._lane.use(left_s) as connection:
                answer = await work(connection)
        except TryAgain as error:
            self._answered()
            raise CentralBehind("The central view is being changed. Try again.") from error
        except (DatabaseError, TimeoutError) as error:
            self._lost(error)
            raise DatabaseUnavailable from error
        except SurestockError:
            self._answered()
            raise
        self._answered()
        return answer

    def _answered(self) -> None:
        self._breaker.succeeded()
        if self._is_lost:
            self._is_lost = False
            self._log.info("the central view is asked in the database again")

    def _lost(self, error: Exception) -> None:
        self._breaker.failed()
        if not self._is_lost:
            self._is_lost = True
            why = str(error) or "it did not answer in time"
            self._log.warning("the central view cannot be asked in the database", why=why)
