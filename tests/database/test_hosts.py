"""Several hosts: whichever takes writes is used, and the others cost no more than their time."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, DatabaseUnfit, open_connection
from tests.real.absent import skipped_when_absent
from tests.real.cluster import Cluster
from tests.real.postgres_pair import Pair, primary_with_standby
from tests.real.process import steady_port
from tests.real.proxy import Proxy


def config_of(
    database: str, *ports: int, connect_s: float = 20.0, query: str = ""
) -> DatabaseConfig:
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return DatabaseConfig(f"postgres://postgres@{hosts}/{database}{query}", connect_s=connect_s)


async def port_of(config: DatabaseConfig) -> int:
    """Return at which port a connection is to whom it was given."""
    connection = await open_connection(config)
    try:
        return int(await connection.fetchval("SELECT inet_server_port()"))
    finally:
        await connection.close()


async def test_a_dead_host_is_passed_over(postgres: Cluster, database: str) -> None:
    assert await port_of(config_of(database, steady_port(), postgres.port)) == postgres.port


async def test_a_host_that_says_nothing_costs_its_time_only(
    postgres: Cluster, database: str, proxy: Proxy
) -> None:
    proxy.black_hole()
    config = config_of(database, proxy.port, postgres.port, connect_s=0.2)
    async with asyncio.timeout(30):
        while True:
            with suppress(DatabaseDown):  # that time may be too short for the other one, too
                assert await port_of(config) == postgres.port
                return


async def test_when_no_host_answers_each_is_told_of(database: str) -> None:
    ports = steady_port(), steady_port()
    with pytest.raises(DatabaseDown) as down:
        await open_connection(config_of(database, *ports))
    for port in ports:
        assert f"127.0.0.1:{port}: " in str(down.value)


async def test_a_host_that_nobody_knows_is_told_by_its_name(config: DatabaseConfig) -> None:
    url = f"postgres://postgres@nowhere.invalid/{config.url.rpartition('/')[2]}"
    with pytest.raises(DatabaseDown, match=r"nowhere\.invalid:5432: "):
        await open_connection(replace(config, url=url))


async def test_what_is_no_postgres_is_told_so() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(8)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(30):
            with pytest.raises(DatabaseDown, match=f"127.0.0.1:{port}: "):
                await open_connection(config_of("shop", port, connect_s=1.0))


@pytest.fixture(scope="module")
def pair(postgres_version: str) -> Iterator[Pair]:
    with skipped_when_absent(), primary_with_standby(postgres_version) as made:
        yield made


@pytest.mark.parametrize("query", ["", "?target_session_attrs=read-write"])
async def test_a_standby_is_passed_over(pair: Pair, query: str) -> None:
    ports = pair.standby.port, pair.primary.port
    assert await port_of(config_of("postgres", *ports, query=query)) == pair.primary.port


@pytest.mark.parametrize("query", ["", "?target_session_attrs=read-write"])
async def test_a_standby_alone_is_refused(pair: Pair, query: str) -> None:
    with pytest.raises(DatabaseUnfit, match="it is a standby, which takes no changes"):
        await open_connection(config_of("postgres", pair.standby.port, query=query))


async def test_while_the_primary_is_away_a_standby_beside_it_is_only_waited_for(
    pair: Pair,
) -> None:
    dead = steady_port()
    for ports in ((pair.standby.port, dead), (dead, pair.standby.port)):
        with pytest.raises(DatabaseDown, match=f"127.0.0.1:{dead}: ") as down:
            await open_connection(config_of("postgres", *ports))
        assert f"127.0.0.1:{pair.standby.port}: it is a standby" in str(down.value)


async def test_no_connection_is_left_behind_at_a_host_that_was_refused(pair: Pair) -> None:
    ports = pair.standby.port, pair.primary.port
    for _ in range(3):
        await port_of(config_of("postgres", *ports))
    async with asyncio.timeout(30):
        while pair.standby.backends():  # noqa: ASYNC110 - another process tells of no event
            await asyncio.sleep(0.01)


async def test_a_listener_that_never_accepts_is_given_up_in_time() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        async with asyncio.timeout(30):
            with pytest.raises(DatabaseDown):
                await open_connection(config_of("shop", deaf.getsockname()[1], connect_s=0.1))
