"""What somebody has to do now and then, in any process, but only in one at a time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import uuid4

import asyncpg

from surestock.database import Chores, DatabaseError, Lane, TryAgain
from surestock.engine.postgres.config import PostgresConfig
from surestock.engine.postgres.levels import SQL
from surestock.engine.postgres.observer import PostgresObserver
from surestock.inventory.unavailable import DatabaseUnavailable
from surestock.kit.clock import Clock

_EVERY_S = 30.0
_SWEEP_S = 30.0
_ANSWERS_AT_ONCE = 10_000
_TOLERATED = timedelta(seconds=1)
_NOT_HELD_S = 0.0


class Tidying:
    """Forgets old keys, and watches how far this machine's clock is from the database's.

    ``warnings`` say in words what an operator should know.
    """

    def __init__(self, config: PostgresConfig, clock: Clock, observer: PostgresObserver) -> None:
        self._lane = Lane(config.database, observer.connected)
        self._in_use = asyncio.Lock()
        self._chores = Chores(self._lane, str(uuid4()))
        self._clock = clock
        self._ttl = config.idempotency_ttl
        self._patience_s = config.patience_s
        self.warnings: tuple[str, ...] = ()

    async def run(self) -> None:
        """Do what is due, until cancelled. A database that is away is no matter here."""
        while True:
            with suppress(DatabaseUnavailable):  # who needs it finds out by himself, and says so
                await self._compare_clocks()
                async with self.chore("forget answers") as is_ours:
                    if is_ours:
                        await self._forget_answers()
            await asyncio.sleep(_EVERY_S)

    @asynccontextmanager
    async def chore(self, name: str) -> AsyncIterator[bool]:
        """Have a chore for the length of the block, or run it with False when another has it.

        Raises ``DatabaseUnavailable``.
        """
        is_ours = await self._try_hold(name, _SWEEP_S)
        try:
            yield is_ours
        finally:
            if is_ours:
                await self._try_hold(name, _NOT_HELD_S)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._lane.close()

    async def _try_hold(self, name: str, for_s: float) -> bool:
        try:
            async with asyncio.timeout(self._patience_s), self._in_use:
                return await self._chores.try_hold(name, for_s)
        except TryAgain:
            return False
        except (DatabaseError, TimeoutError) as error:
            raise DatabaseUnavailable from error

    async def _forget_answers(self) -> None:
        now, ttl = self._clock.now(), self._ttl
        tag = f"DELETE {_ANSWERS_AT_ONCE}"
        while tag == f"DELETE {_ANSWERS_AT_ONCE}":
            async with self._connection() as connection:
                tag = await connection.execute(SQL["forget_answers"], now, ttl, _ANSWERS_AT_ONCE)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Have the connection for the block. Raises ``DatabaseUnavailable``."""
        try:
            async with self._in_use, self._lane.use() as connection:
                yield connection
        except DatabaseError as error:
            raise DatabaseUnavailable from error

    async def _compare_clocks(self) -> None:
        """Warn when reservations would end too early or too late here."""
        async with self._connection() as connection:
            before = self._clock.now()
            theirs = await connection.fetchval(SQL["clock"])
            after = self._clock.now()
        ahead = max(before - theirs, theirs - after, timedelta())
        self.warnings = ()
        if ahead > _TOLERATED:
            warning = (
                f"this machine's clock is {ahead.total_seconds():.1f} s off the database's, so "
                "reservations end too early or too late here; synchronize the clocks"
            )
            self.warnings = (warning,)
