"""A proxy forwards what it is given, until a test breaks the network in the way it wants."""

import asyncio
import random
import socket
import struct
import time

import asyncpg
import pytest

from tests.real.postgres import Cluster
from tests.real.postgres_wire import ask
from tests.real.proxy import Proxy
from tests.real.shelf import CUT, ENOUGH_S, LOOK_EVERY_S, Shelf, unanswered
from tests.real.weather import Direction


async def ask_often(connection: asyncpg.Connection) -> None:
    for _ in range(200):
        await connection.execute("SELECT 1")


async def test_what_is_large_passes_whole(connection: asyncpg.Connection) -> None:
    sent = random.Random(5).randbytes(3_000_000)
    assert await connection.fetchval("SELECT $1::bytea", sent) == sent


async def test_it_goes_on_while_the_loop_under_test_stands(proxy: Proxy, database: str) -> None:
    assert ask(proxy.port, "postgres", database, "SELECT 1", ENOUGH_S) == [("1",)]


async def test_a_link_knows_its_backend(proxy: Proxy, connection: asyncpg.Connection) -> None:
    assert [link.backend for link in proxy.links] == [connection.get_server_pid()]


async def test_a_cut_ends_all_connections_and_none_that_comes_after(
    proxy: Proxy, database: str, connection: asyncpg.Connection, shelf: Shelf
) -> None:
    proxy.cut()
    with pytest.raises(CUT):
        await connection.execute("SELECT 1")
    assert proxy.links == []
    again = await asyncpg.connect(proxy.url(database))
    assert await again.fetchval("SELECT 1") == 1
    await shelf.await_backends(again.get_server_pid())
    await again.close()


async def test_one_link_is_cut_alone(
    proxy: Proxy, database: str, connection: asyncpg.Connection
) -> None:
    other = await asyncpg.connect(proxy.url(database))
    (link,) = [link for link in proxy.links if link.backend == other.get_server_pid()]
    link.cut()
    with pytest.raises(CUT):
        await other.execute("SELECT 1")
    assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("direction", [*Direction, None])
async def test_random_cuts_strike_until_it_heals(
    proxy: Proxy, connection: asyncpg.Connection, database: str, direction: Direction | None
) -> None:
    proxy.cut_randomly(0.25, random.Random(7), direction)
    with pytest.raises(CUT):
        await ask_often(connection)
    proxy.heal()
    again = await asyncpg.connect(proxy.url(database))
    await ask_often(again)
    await again.close()


async def test_a_black_hole_holds_old_and_new_connections_until_it_heals(
    proxy: Proxy, connection: asyncpg.Connection, database: str, shelf: Shelf
) -> None:
    proxy.black_hole()
    old = await unanswered(connection.execute("INSERT INTO shelf VALUES (1)"))
    new = await unanswered(asyncpg.connect(proxy.url(database)))
    assert shelf.rows() == 0
    proxy.heal()
    assert await asyncio.wait_for(old, ENOUGH_S) == "INSERT 0 1"
    await (await asyncio.wait_for(new, ENOUGH_S)).close()


async def test_a_hole_on_the_way_back_lets_the_server_act_and_not_answer(
    proxy: Proxy, connection: asyncpg.Connection, shelf: Shelf
) -> None:
    proxy.black_hole(to_server=False)
    answer = await unanswered(connection.execute("INSERT INTO shelf VALUES (1)"))
    await shelf.await_rows(1)
    proxy.heal()
    assert await asyncio.wait_for(answer, ENOUGH_S) == "INSERT 0 1"


async def test_a_client_that_gave_up_in_a_hole_is_still_heard_after(
    proxy: Proxy, connection: asyncpg.Connection, shelf: Shelf
) -> None:
    proxy.black_hole(to_client=False)
    task = await unanswered(connection.execute("INSERT INTO shelf VALUES (1)"))
    connection.terminate()
    with pytest.raises(CUT):
        await task
    assert shelf.rows() == 0
    proxy.heal()
    await shelf.await_rows(1)


async def test_the_death_of_the_server_is_not_seen_through_a_hole(
    proxy: Proxy, postgres: Cluster, connection: asyncpg.Connection
) -> None:
    proxy.black_hole()
    postgres.kill()
    task = await unanswered(connection.execute("SELECT 1"))
    proxy.heal()
    with pytest.raises(CUT):
        await asyncio.wait_for(task, ENOUGH_S)


async def test_a_reset_is_not_seen_through_a_hole(proxy: Proxy) -> None:
    async def gone() -> None:
        while proxy.links:  # noqa: ASYNC110 - another thread tells of no event
            await asyncio.sleep(LOOK_EVERY_S)

    client = socket.create_connection(("127.0.0.1", proxy.port))
    while not proxy.links:  # noqa: ASYNC110 - the same
        await asyncio.sleep(LOOK_EVERY_S)
    proxy.black_hole()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
    seen = await unanswered(gone())
    proxy.heal()
    await asyncio.wait_for(seen, ENOUGH_S)


async def test_a_hole_of_one_link_is_no_hole_for_others(
    proxy: Proxy, connection: asyncpg.Connection, database: str
) -> None:
    (link,) = proxy.links
    link.black_hole()
    held = await unanswered(connection.fetchval("SELECT 1"))
    other = await asyncpg.connect(proxy.url(database))
    assert await other.fetchval("SELECT 1") == 1
    await other.close()
    proxy.heal()
    assert await asyncio.wait_for(held, ENOUGH_S) == 1


async def test_a_delay_is_waited_each_way(proxy: Proxy, connection: asyncpg.Connection) -> None:
    proxy.delay(0.05)
    begin = time.monotonic()
    await connection.execute("SELECT 1")
    assert time.monotonic() - begin >= 0.1


async def test_where_no_server_is_a_client_is_not_kept(postgres: Cluster, proxy: Proxy) -> None:
    postgres.stop_at_once()
    with pytest.raises(CUT):
        await asyncio.wait_for(asyncpg.connect(proxy.url("postgres")), ENOUGH_S)
