"""One connection for one user at a time: kept when it may be, cut off when it must be."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, DatabaseUnfit, Lane, TryAgain
from surestock.kit.errors import SurestockError
from tests.real.cluster import Cluster
from tests.real.proxy import Proxy


class NotFound(SurestockError):
    """What was asked for is not there."""


_HANGS = "SELECT pg_sleep(3600)"


async def pid_of(lane: Lane) -> int:
    """Return which process of the server stands behind a lane."""
    async with lane.use() as connection:
        return int(connection.get_server_pid())


async def until_open(lane: Lane) -> None:
    """Have a connection, which may take several tries where the time for one is short."""
    async with asyncio.timeout(60):
        while not lane.is_open:
            with suppress(DatabaseDown):
                await lane.open()


async def test_a_connection_is_made_when_it_is_needed_and_kept(config: DatabaseConfig) -> None:
    opened: list[None] = []
    lane = Lane(config, lambda: opened.append(None))
    assert (lane.is_open, opened) == (False, [])
    assert await pid_of(lane) == await pid_of(lane)
    assert (lane.is_open, opened) == (True, [None])
    await lane.close()
    assert not lane.is_open
    await lane.close()


@pytest.mark.parametrize(("deadline_s", "within_s"), [(3600.0, 0.05), (0.05, None)])
async def test_a_use_that_takes_too_long_is_cut_off(
    config: DatabaseConfig, deadline_s: float, within_s: float | None
) -> None:
    lane = Lane(replace(config, deadline_s=deadline_s))
    async with asyncio.timeout(60):
        with pytest.raises(DatabaseDown):
            async with lane.use(within_s) as connection:
                await connection.execute(_HANGS)
    assert not lane.is_open
    await until_open(lane)
    lane.drop()


async def test_a_use_over_a_dead_network_ends_in_time(config: DatabaseConfig, proxy: Proxy) -> None:
    url = proxy.url(config.url.rpartition("/")[2])
    lane = Lane(replace(config, url=url, connect_s=0.2, deadline_s=0.2))
    await until_open(lane)
    proxy.black_hole()
    async with asyncio.timeout(60):
        for _ in range(2):  # the first has a connection, the second does not get one
            with pytest.raises(DatabaseDown):
                async with lane.use() as connection:
                    await connection.execute("SELECT 1")
    proxy.heal()
    await until_open(lane)
    lane.drop()


async def test_a_close_over_a_dead_network_ends_in_time(
    config: DatabaseConfig, proxy: Proxy
) -> None:
    url = proxy.url(config.url.rpartition("/")[2])
    lane = Lane(replace(config, url=url, connect_s=0.2))
    await until_open(lane)
    proxy.black_hole()
    async with asyncio.timeout(60):
        await lane.close()
    assert not lane.is_open


@pytest.mark.parametrize(
    ("state", "fault"), [("40001", TryAgain), ("55P03", TryAgain), ("23505", TryAgain)]
)
async def test_what_may_be_tried_again_is_rolled_back_and_keeps_its_connection(
    lane: Lane, state: str, fault: type[Exception]
) -> None:
    before = await pid_of(lane)
    with pytest.raises(fault):
        async with lane.use() as connection:
            await _half(connection, _raising(state))
    async with lane.use() as connection:
        assert connection.get_server_pid() == before
        assert not connection.is_in_transaction()
        assert await connection.fetchval("SELECT to_regclass('half')") is None


@pytest.mark.parametrize(
    ("state", "fault"),
    [("57P03", DatabaseDown), ("42501", DatabaseUnfit), ("22012", asyncpg.PostgresError)],
)
async def test_any_other_error_costs_the_connection(
    lane: Lane, state: str, fault: type[Exception]
) -> None:
    before = await pid_of(lane)
    with pytest.raises(fault):
        async with lane.use() as connection:
            await connection.execute(_raising(state))
    assert not lane.is_open
    assert await pid_of(lane) != before


async def test_an_error_of_the_user_is_his_and_costs_the_connection(lane: Lane) -> None:
    with pytest.raises(ZeroDivisionError):
        async with lane.use():
            raise ZeroDivisionError
    assert not lane.is_open


async def test_a_value_that_no_statement_can_take_is_no_fault_of_the_connection(
    lane: Lane,
) -> None:
    with pytest.raises(asyncpg.DataError, match="invalid input"):
        async with lane.use() as connection:
            await connection.fetchval("SELECT $1::bigint", 1 << 64)


async def test_a_cancelled_use_leaves_nothing_behind(
    lane: Lane, postgres: Cluster, database: str
) -> None:
    async def work() -> None:
        async with lane.use() as connection:
            await connection.execute("BEGIN; CREATE TABLE half (qty int)")
            begun.set()
            await connection.execute(_HANGS)

    begun = asyncio.Event()
    task = asyncio.ensure_future(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not lane.is_open
    async with lane.use() as connection:
        assert await connection.fetchval("SELECT to_regclass('half')") is None
    assert len(postgres.backends(database)) >= 1


async def test_a_lane_is_for_one_at_a_time(lane: Lane) -> None:
    async with lane.use() as connection:
        with pytest.raises(AssertionError, match="two at once"):
            async with lane.use():
                pass
        assert await connection.fetchval("SELECT 1") == 1
    async with lane.use() as again:
        assert again is connection


async def test_a_connection_that_was_lost_while_nobody_used_it_is_made_again(
    lane: Lane, proxy: Proxy, config: DatabaseConfig
) -> None:
    del lane
    through = Lane(replace(config, url=proxy.url(config.url.rpartition("/")[2])))
    before = await pid_of(through)
    proxy.cut()
    async with asyncio.timeout(60):
        while through.is_open:  # noqa: ASYNC110 - the socket tells nobody else
            await asyncio.sleep(0)
    assert await pid_of(through) != before
    through.drop()


async def _half(connection: asyncpg.Connection, then: str) -> None:
    """Begin a transaction that makes a table, and go on with a statement."""
    await connection.execute("BEGIN; CREATE TABLE half (qty int)")
    await connection.execute(then)


def _raising(state: str) -> str:
    """Return a statement that fails with ``state``."""
    return f"DO $$ BEGIN RAISE EXCEPTION 'so it is' USING ERRCODE = '{state}'; END $$"


async def refused(lane: Lane, *statements: str) -> None:
    """Use a lane, and refuse what was asked for."""
    async with lane.use() as connection:
        for statement in statements:
            await connection.execute(statement)
        raise NotFound


async def test_a_refusal_costs_no_connection_unless_it_leaves_a_transaction_open(
    config: DatabaseConfig,
) -> None:
    lane = Lane(config)
    kept = await pid_of(lane)
    with pytest.raises(NotFound):
        await refused(lane)
    assert await pid_of(lane) == kept
    with pytest.raises(NotFound):
        await refused(lane, "BEGIN")
    assert await pid_of(lane) != kept
    lane.drop()
