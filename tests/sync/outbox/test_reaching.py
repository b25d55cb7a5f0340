"""A database that is hard to reach is reached, and one that takes nobody for a while waited for."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from msgspec.structs import replace

from surestock.inventory.unavailable import CircuitOpen, DatabaseUnavailable
from surestock.kit.clock import SystemClock
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.outbox import Patience, PostgresCentral
from tests.database.silent import silent_host
from tests.real.postgres import Cluster
from tests.sync.outbox.place import Place, until

HASTY = Patience(sync_s=30, answer_s=0.15, decide_s=30)
NEVER_OPEN = BreakerConfig(threshold=1_000_000)
_END = "SELECT pg_terminate_backend(pid, 30000) FROM pg_stat_activity WHERE datname = '{}'"


async def test_a_question_does_not_cut_off_the_connection_that_it_waits_for(
    place: Place, postgres: Cluster, database: str
) -> None:
    """The first host is silent for longer than a question may take."""
    await place.add(("tea", "west"))
    async with silent_host() as silent:
        hosts = f"127.0.0.1:{silent.port},127.0.0.1:{postgres.port}"
        url = f"postgres://postgres@{hosts}/{database}?sslmode=disable"
        config = replace(place.config, url=url)
        log = place.log_lines()
        central = PostgresCentral(config, SystemClock(), log, HASTY, NEVER_OPEN)

        async def is_answered() -> bool:
            try:
                return (await central.find("tea", 0))[1] == 1
            except DatabaseUnavailable:  # a machine may be too slow for so short a time
                return False

        await _until(is_answered)
        await central.close()


async def test_a_database_that_takes_nobody_for_a_while_is_waited_for(
    place: Place, postgres: Cluster, database: str
) -> None:
    await place.add(("tea", "west"))
    async with place.asking() as central, place.working():
        await until(lambda: central.status().alive)
        postgres.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgres.execute(_END.format(database))
        await until(lambda: "the sync worker lost the database" in place.lines)

        with pytest.raises((DatabaseUnavailable, CircuitOpen)):
            await central.find("tea", 0)
        postgres.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        await until(lambda: "the sync worker has the database again" in place.lines)
        place.lane.drop()
        await place.add(("tea", "west"))
        await until(lambda: central.status().applied_sequence == 2, 60)


async def _until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await is_so():  # noqa: ASYNC110 - the database is looked at
            await asyncio.sleep(0.01)
