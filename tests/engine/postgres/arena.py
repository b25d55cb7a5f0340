"""Engines of several machines on one database, each behind a network that a test may break."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime, timedelta
from itertools import count
from typing import Any, TypeVar

from surestock.database import DatabaseConfig, DatabaseDown, migrate, open_connection
from surestock.engine.postgres import PostgresConfig, PostgresEngine, PostgresObserver
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.kit.clock import SystemClock
from surestock.kit.errors import Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope, Outcome
from surestock.resilience.breaker import BreakerConfig
from surestock.runtime.offline.tables import TablesAudit, audit_tables, one_snapshot
from tests.real.fixtures import fresh_database
from tests.real.postgres import Cluster

T = TypeVar("T")

DAY = timedelta(hours=24)
_LONG_S = 60.0
_numbers = count(1)
_templates: dict[tuple[int, str], str] = {}


def short_config(url: str, *, fail_fast: bool = False, patience_s: float = 2.0) -> PostgresConfig:
    """Deadlines as they are between machines, but shorter."""
    return PostgresConfig(
        DatabaseConfig(url, connect_s=1.0, deadline_s=1.2, lock_s=0.4),
        join_timeout_s=2.0,
        patience_s=patience_s,
        breaker=BreakerConfig(4, 0.3),
        fail_fast=fail_fast,
    )


def patient_config(url: str) -> PostgresConfig:
    """Deadlines that no machine is too slow for. A row that is held is still not waited for."""
    return PostgresConfig(
        DatabaseConfig(url, connect_s=_LONG_S, deadline_s=_LONG_S, lock_s=0.4),
        join_timeout_s=_LONG_S,
        patience_s=_LONG_S,
        breaker=BreakerConfig(4, 0.3),
    )


class SkewedClock(SystemClock):
    """The clock of a machine that is ``ahead_s`` of others."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        """Return the wall time, as this machine believes."""
        return super().now() + self._ahead


class Watching(PostgresObserver):
    """Counts what is tried again, and why."""

    def __init__(self) -> None:
        self.tries: dict[str, int] = {}

    def retried(self, reason: str) -> None:
        self.tries[reason] = self.tries.get(reason, 0) + 1


class Machine(PostgresEngine):
    """An engine; what has to run beside it runs from its start to its close.

    Unless ``is_told_of_a_loss``, it must not have failed: nothing that is committed gets lost.
    """

    is_told_of_a_loss = False

    def __init__(self, config: PostgresConfig, clock: SystemClock | None = None) -> None:
        self.watching = Watching()
        super().__init__(config, clock or SystemClock(), IdSource(), self.watching)
        self.kept: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start, and keep healthy. It may take several tries, where the deadlines are short."""
        async with asyncio.timeout(_LONG_S):
            while not await self._try_start():  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.05)
        self.kept = asyncio.get_running_loop().create_task(self.keep_healthy())

    async def _try_start(self) -> bool:
        try:
            await super().start()
        except DatabaseDown:
            return False
        return True

    async def close(self) -> None:
        """End what runs beside it, then close."""
        if self.kept is not None:
            self.kept.cancel()
            await asyncio.wait([self.kept])
            if not self.kept.cancelled():
                self.kept.result()
        await super().close()
        assert self.is_told_of_a_loss or self._growth.failure is None


async def migrated_database(cluster: Cluster) -> str:
    """Make a database with all tables, and return its name."""
    place = (cluster.port, str(id(cluster)))
    if place not in _templates:
        name = fresh_database(cluster)
        patient = DatabaseConfig(cluster.url(name), connect_s=_LONG_S, deadline_s=_LONG_S)
        connection = await open_connection(patient)
        await migrate(connection)
        await connection.close()
        _templates[place] = name
    name = f"arena_{next(_numbers)}"
    await asyncio.to_thread(cluster.create_database, name, template=_templates[place])
    return name


@asynccontextmanager
async def machines(*made: Machine) -> AsyncIterator[tuple[Machine, ...]]:
    """Start machines, and close them in the end."""
    async with AsyncExitStack() as stack:
        for machine in made:
            await machine.start()
            stack.push_async_callback(machine.close)
        yield made


def named(command: Command, name: str) -> IdempotencyKey:
    """Name a try."""
    return make_key("ann", "POST", "/", name, fingerprint_of(command))


def sent(command: Command, key: IdempotencyKey | None = None) -> Envelope:
    """Put a command into an envelope of its own request, whose actor is nobody else's."""
    number = next(_numbers)
    return Envelope(command, f"client-{number}", f"request-{number}", key)


async def until_answered(machine: Machine, envelope: Envelope) -> Outcome:
    """Send it until it is answered, as a 503 asks for."""
    return await until_told(lambda: machine.transact(envelope))


async def until_told(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until that is answered: a machine that stood still may have been given up before."""
    async with asyncio.timeout(_LONG_S):
        while True:
            with suppress(Unavailable):
                return await ask()
            await asyncio.sleep(0.02)


async def until_none_is_left(before: set["asyncio.Task[Any]"]) -> None:
    """Return once there are no more tasks than before: the driver's own end a little later."""
    async with asyncio.timeout(_LONG_S):
        while not asyncio.all_tasks() <= before:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.02)


async def audited(url: str) -> TablesAudit:
    """Replay the records of a database, and hold every table against them."""
    async with one_snapshot(url) as connection:
        audit = await audit_tables(connection, DAY, SystemClock())
    assert not audit.findings, audit.findings
    return audit
