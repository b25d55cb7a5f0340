"""A paper log in a real database, and the view that is kept of it there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

import asyncpg
import structlog

from surestock.database import DatabaseConfig, Lane
from surestock.inventory.central import CentralStock, DeadLetter
from surestock.inventory.model import StockKey
from surestock.inventory.unavailable import CircuitOpen, DatabaseUnavailable
from surestock.kit.clock import SystemClock
from surestock.sync.outbox import OutboxWorker, Patience, PostgresCentral
from surestock.sync.outbox.folding import Rules, fold_some
from surestock.sync.outbox.reading import read_letters, read_page, read_tide
from surestock.sync.outbox.tide import Tide
from surestock.telemetry.log import Log
from tests.sync.fold.paper import START, Gate, PaperLog, Spoil

_T = TypeVar("_T")

PATIENT = Patience(60, 60, 60)
_LONG_S = 30

_PUT = """
WITH put AS (
    INSERT INTO surestock.records (sequence, id, body)
    SELECT sequence, 'record ' || sequence, body
    FROM unnest($1::bigint[], $2::text[]) AS told (sequence, body)
)
UPDATE surestock.head SET sequence = $3
"""
_OTHERS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Place:
    """``log`` is what is true; :meth:`put` makes it durable. ``gate`` checks for whoever folds."""

    def __init__(self, config: DatabaseConfig, lane: Lane) -> None:
        self.config = config
        self.lane = lane
        self.log = PaperLog()
        self.gate = Gate()
        self.lines: list[str] = []
        self.rules = Rules(self.now, 0.0, check=self.gate)
        self._seconds = 0
        self._put = 0
        self._turn = asyncio.Lock()

    def now(self) -> datetime:
        self._seconds += 1
        return START + timedelta(days=1, seconds=self._seconds)

    def log_lines(self) -> Log:
        """Return a log whose messages come to ``lines``."""

        def keep(_: object, __: str, entry: structlog.typing.EventDict) -> str:
            self.lines.append(str(entry["event"]))
            raise structlog.DropEvent

        log: Log = structlog.wrap_logger(None, processors=[keep])
        return log

    async def run(self, work: Callable[[asyncpg.Connection], Awaitable[_T]]) -> _T:
        async with self._turn, self.lane.use() as connection:
            return await work(connection)

    async def put(self) -> int:
        """Make what is new in the log durable, in one transaction; return its last sequence."""
        first, last = self._put + 1, self.log.sequence
        bodies = [record.decode() for record in self.log.records[self._put :]]
        await self.run(
            lambda it: it.execute(_PUT, list(range(first, last + 1)), bodies, self.log.sequence)
        )
        self._put = last
        return last

    async def add(self, *changes: tuple[str, str] | tuple[str, str, Spoil]) -> int:
        """Add a durable record and fold it at once; return its sequence."""
        sequence = self.log.add(*changes)
        await self.put()
        await self.fold()
        return sequence

    async def fold(self, most: int = 100) -> int:
        """Fold all there is; return how many records that were.

        Whoever was cut off may have the turn for a little longer.
        """
        before = (await self.tide()).applied
        async with asyncio.timeout(_LONG_S):
            while True:
                folded = await self.run(lambda it: fold_some(it, most, self.rules))
                if folded is None:
                    await asyncio.sleep(0.01)
                elif not folded.is_full:
                    return folded.head.sequence - before

    async def alone(self) -> None:
        """Wait until nobody else has a session: who was cut off is missed a little later."""
        async with asyncio.timeout(_LONG_S):
            while await self.run(lambda it: it.fetchval(_OTHERS)):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def tide(self) -> Tide:
        return await self.run(read_tide)

    async def letters(self) -> list[DeadLetter]:
        return (await self.run(lambda it: read_letters(it, (-1, -1), 10_000)))[0]

    async def stocks(self) -> list[CentralStock]:
        return (await self.run(lambda it: read_page(it, "", 10_000)))[0].items

    async def shown(self, sku: str) -> dict[str, int]:
        """Return the version of a SKU's level in each store."""
        [stock] = [stock for stock in await self.stocks() if stock.sku == sku]
        return {level.store_id: level.version for level in stock.levels}

    async def is_diverged(self, sku: str) -> bool:
        [stock] = [stock for stock in await self.stocks() if stock.sku == sku]
        return stock.diverged

    async def differences(self) -> list[StockKey]:
        """Return which levels are not what the log says of them, or are not there."""
        shown = {level.key: level for stock in await self.stocks() for level in stock.levels}
        keys = self.log.truth.keys() | shown.keys()
        return [key for key in keys if shown.get(key) != self.log.truth.get(key)]

    @asynccontextmanager
    async def working(self, interval_s: float = 0.05) -> AsyncIterator[OutboxWorker]:
        """Have a worker at work, until the end of the block."""
        worker = self.worker(interval_s)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run())
            try:
                yield worker
            finally:
                worker.end()

    def worker(self, interval_s: float = 0.05) -> OutboxWorker:
        return OutboxWorker(self.config, SystemClock(), self.log_lines(), interval_s, self.gate)

    def central(self, patience: Patience = PATIENT) -> PostgresCentral:
        return PostgresCentral(self.config, SystemClock(), self.log_lines(), patience)

    @asynccontextmanager
    async def asking(self, patience: Patience = PATIENT) -> AsyncIterator[PostgresCentral]:
        """Have the view as an API process has it."""
        central = self.central(patience)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(central.run())
            try:
                yield central
            finally:
                running.cancel()
        await central.close()


async def answered(ask: Callable[[], Awaitable[_T]]) -> _T:
    """Ask until the database answers: it may have stood still for longer than a question may."""
    async with asyncio.timeout(2 * _LONG_S):
        while True:
            with suppress(DatabaseUnavailable, CircuitOpen):
                return await ask()
            await asyncio.sleep(0.05)


async def until(is_so: Callable[[], bool], within_s: float = 60) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110 - whatever it is, nobody tells of it
            await asyncio.sleep(0.01)
