"""Hosts are tried side by side: a silent one holds nobody up, and who loses leaves nothing."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import asyncpg
import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, DatabaseUnfit, open_connection
from surestock.database.hosts import first_fit
from tests.database.silent import silent_host
from tests.real.cluster import Cluster
from tests.real.process import steady_port
from tests.real.proxy import Proxy


def at_hosts(config: DatabaseConfig, *ports: int) -> DatabaseConfig:
    """Return a configuration by which a silent host is waited for longer than by any test.

    Of a greeting of TLS that is cancelled, the driver itself would say that nobody looked at it.
    """
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    url = f"postgres://postgres@{hosts}/{config.url.rpartition('/')[2]}"
    return replace(config, url=f"{url}?sslmode=disable", connect_s=3600.0)


async def ask_for_port(config: DatabaseConfig) -> int:
    """Return who is at the other end, once nothing else is under way here."""
    before = asyncio.all_tasks()
    async with asyncio.timeout(30):
        connection = await open_connection(config)
    assert _begun_since(before) == set()
    try:
        return int(await connection.fetchval("SELECT inet_server_port()"))
    finally:
        await connection.close()


async def test_silent_hosts_hold_nobody_up(config: DatabaseConfig, postgres: Cluster) -> None:
    async with silent_host() as first, silent_host() as second:
        ports = first.port, second.port, steady_port(), postgres.port
        assert await ask_for_port(at_hosts(config, *ports)) == postgres.port
        assert first.met.is_set()
        assert second.met.is_set()


async def test_a_host_that_fails_lets_the_next_one_begin_at_once(
    config: DatabaseConfig, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surestock.database.hosts.HEAD_START_S", 3600.0)
    assert await ask_for_port(at_hosts(config, steady_port(), postgres.port)) == postgres.port


async def test_a_host_that_answers_in_time_is_the_only_one_that_is_asked(
    config: DatabaseConfig, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surestock.database.hosts.HEAD_START_S", 3600.0)
    async with silent_host() as second:
        assert await ask_for_port(at_hosts(config, postgres.port, second.port)) == postgres.port
        assert not second.met.is_set()


async def test_a_first_host_that_is_slow_is_still_taken(
    config: DatabaseConfig, postgres: Cluster, proxy: Proxy
) -> None:
    proxy.delay(0.2)
    async with silent_host() as second:
        ports = proxy.port, second.port
        assert await ask_for_port(at_hosts(config, *ports)) == postgres.port
        assert second.met.is_set()


async def test_who_is_cancelled_leaves_nothing(config: DatabaseConfig) -> None:
    async with silent_host() as first, silent_host() as second:
        before = asyncio.all_tasks()
        opening = asyncio.ensure_future(open_connection(at_hosts(config, first.port, second.port)))
        async with asyncio.timeout(30):
            await first.met.wait()
            await second.met.wait()
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert _begun_since(before) == set()


async def test_who_is_cancelled_at_any_moment_leaves_no_session(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    """A connection that nobody ended would be a warning, which fails a test as well."""
    before = asyncio.all_tasks()
    hosts = at_hosts(config, postgres.port, postgres.port)
    for step in range(40):
        opening = asyncio.ensure_future(open_connection(hosts))
        await asyncio.sleep(step / 1000)
        opening.cancel()
        with suppress(asyncio.CancelledError):
            (await opening).terminate()
        assert _begun_since(before) == set()
    async with asyncio.timeout(30):
        while postgres.backends(database):  # noqa: ASYNC110 - another process tells of no event
            await asyncio.sleep(0.01)


async def test_a_host_has_its_time_for_all_that_opening_takes(
    config: DatabaseConfig, proxy: Proxy
) -> None:
    """Each step is in time here, and together they are not."""
    proxy.delay(0.1)  # each way: to connect takes 0.4 s, and what is asked then takes 0.6 s
    url = proxy.url(config.url.rpartition("/")[2])
    with pytest.raises(DatabaseDown):
        await open_connection(replace(config, url=url, connect_s=0.8))


class Made:
    """A connection that was made, as far as a race is concerned."""

    def __init__(self) -> None:
        self.is_ended = False

    def terminate(self) -> None:
        self.is_ended = True


class Opening:
    """An opening that comes to ``end``, if ``may_end`` is there once that is set."""

    def __init__(self, end: Made | Exception, may_end: asyncio.Event | None = None) -> None:
        self.begun = asyncio.Event()
        self._end = end
        self._may_end = may_end

    async def __call__(self) -> asyncpg.Connection:
        self.begun.set()
        if self._may_end is not None:
            await self._may_end.wait()
        if isinstance(self._end, Exception):
            raise self._end
        return cast("asyncpg.Connection", self._end)


async def raced(*openings: Opening) -> Any:
    async with asyncio.timeout(30):
        return await first_fit(openings)


async def test_of_two_at_once_the_first_in_order_is_kept_and_the_other_ended() -> None:
    at_once, first, second = asyncio.Event(), Made(), Made()
    last = Opening(second, at_once)
    racing = asyncio.ensure_future(raced(Opening(first, at_once), last))
    async with asyncio.timeout(30):
        await last.begun.wait()
    at_once.set()
    assert await racing is first
    assert (first.is_ended, second.is_ended) == (False, True)


async def test_a_connection_that_is_made_as_its_user_is_cancelled_is_ended() -> None:
    at_once, first = asyncio.Event(), Made()
    only = Opening(first, at_once)
    racing = asyncio.ensure_future(raced(only))
    await only.begun.wait()
    at_once.set()
    await asyncio.sleep(0)
    racing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await racing
    assert first.is_ended


async def test_a_defect_is_told_as_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError):
        await raced(Opening(DatabaseDown("a")), Opening(ZeroDivisionError()))


async def test_what_somebody_has_to_change_comes_before_what_is_away() -> None:
    with pytest.raises(DatabaseUnfit, match="away; its encoding"):
        await raced(Opening(DatabaseDown("away")), Opening(DatabaseUnfit("its encoding")))


def _begun_since(before: set[asyncio.Task[Any]]) -> set[asyncio.Task[Any]]:
    """Return which tasks there are besides those, and those of silent hosts."""
    begun = asyncio.all_tasks() - before
    return {task for task in begun if "Silent" not in repr(task.get_coro())}
