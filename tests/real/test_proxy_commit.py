"""A proxy strikes at the moment that counts: when a client has sent COMMIT."""

import asyncio
import threading

import asyncpg
import pytest

from tests.real.link import Link, Strike
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy, proxy_to
from tests.real.shelf import CUT, ENOUGH_S, Shelf, unanswered


async def insert(connection: asyncpg.Connection) -> None:
    async with connection.transaction():
        await connection.execute("INSERT INTO shelf VALUES (1)")


@pytest.mark.parametrize(("strike", "rows"), [(Strike.CUT_BEFORE, 0), (Strike.CUT_AFTER, 1)])
async def test_a_commit_is_cut_before_or_after_the_server_has_it(
    proxy: Proxy, connection: asyncpg.Connection, shelf: Shelf, strike: Strike, rows: int
) -> None:
    await connection.execute("INSERT INTO shelf VALUES (1)")
    proxy.at_commit = lambda _: strike
    with pytest.raises(CUT):
        await insert(connection)
    await shelf.await_rows(1 + rows)


async def test_a_commit_that_passes_is_answered(
    proxy: Proxy, connection: asyncpg.Connection, shelf: Shelf
) -> None:
    seen: list[tuple[int | None, int]] = []

    def looks(link: Link) -> Strike:
        seen.append((link.backend, threading.get_ident()))
        return Strike.PASSES

    proxy.at_commit = looks
    await insert(connection)
    await connection.execute("SELECT 'a word only: commitment'")
    assert [backend for backend, _ in seen] == [connection.get_server_pid()]
    assert seen[0][1] != threading.get_ident()
    assert shelf.rows() == 1


async def test_a_backend_is_frozen_as_it_is_to_commit(
    proxy: Proxy, postgres: Cluster, connection: asyncpg.Connection, shelf: Shelf
) -> None:
    def freezes(link: Link) -> Strike:
        assert link.backend is not None
        postgres.freeze(link.backend)
        return Strike.PASSES

    proxy.at_commit = freezes
    task = await unanswered(insert(connection))
    assert shelf.rows() == 0
    connection.terminate()
    with pytest.raises(CUT):
        await task
    postgres.thaw()
    await shelf.await_rows(1)


async def test_what_is_asked_at_a_commit_may_hold_or_cut_the_link_itself(
    proxy: Proxy, connection: asyncpg.Connection, database: str, shelf: Shelf
) -> None:
    def holds(link: Link) -> Strike:
        link.black_hole(to_client=False)
        return Strike.PASSES

    def cuts(link: Link) -> Strike:
        link.cut()
        return Strike.PASSES

    proxy.at_commit = holds
    task = await unanswered(insert(connection))
    assert shelf.rows() == 0
    proxy.at_commit = cuts
    other = await asyncpg.connect(proxy.url(database))
    with pytest.raises(CUT):
        await insert(other)
    proxy.heal()
    await asyncio.wait_for(task, ENOUGH_S)
    assert shelf.rows() == 1


async def test_a_hook_that_fails_fails_the_test(postgres: Cluster, database: str) -> None:
    def fails(_: Link) -> Strike:
        raise ZeroDivisionError

    proxies = proxy_to(postgres.port)
    proxy = proxies.__enter__()
    proxy.at_commit = fails
    connection = await asyncpg.connect(proxy.url(database))
    with pytest.raises(CUT):
        await connection.execute("COMMIT")
    with pytest.raises(ZeroDivisionError):
        proxies.__exit__(None, None, None)
