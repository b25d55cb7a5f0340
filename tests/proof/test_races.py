"""Many clients at once on one SKU: no update is lost, and one version has one winner."""

import asyncio
from collections.abc import Awaitable, Callable

import orjson
import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection, Reply

_PATH = "/stores/north/inventory/hot"


async def _open(port: int) -> None:
    async with Connection(port) as connection:
        reply = await connection.request("PUT", _PATH, b'{"onHand":1000}')
        assert reply.status == 201


async def _all(
    port: int, requests: int, at_once: int, ask: Callable[[Connection, int], Awaitable[Reply]]
) -> list[Reply]:
    """Send numbered requests over ``at_once`` connections and return the replies."""
    numbers = iter(range(requests))
    replies: list[Reply] = []

    async def client() -> None:
        async with Connection(port) as connection:
            replies.extend([await ask(connection, number) for number in numbers])

    async with asyncio.TaskGroup() as group:
        for _ in range(at_once):
            group.create_task(client())
    return replies


def test_a_hundred_parallel_adjusts_all_count_and_each_gets_a_version_of_its_own(
    make_server: Fleet, figures: Figures
) -> None:
    server = make_server()
    server.start()

    def adjust(connection: Connection, number: int) -> Awaitable[Reply]:
        return connection.request("POST", f"{_PATH}/adjust", b'{"delta":-1}', key=f"a{number}")

    async def attack() -> tuple[list[Reply], dict[str, object]]:
        await _open(server.port)
        replies = await _all(server.port, 100, 16, adjust)
        async with Connection(server.port) as connection:
            return replies, await connection.get(_PATH)

    replies, level = asyncio.run(attack())
    assert [reply.status for reply in replies] == [200] * 100
    seen = {reply.json()["version"]: reply.json()["onHand"] for reply in replies}
    assert seen == {version: 1001 - version for version in range(2, 102)}
    assert (level["onHand"], level["version"]) == (900, 101)
    figures.add("no update is lost", "100 adjusts, 16 at a time, one SKU", "versions 2 to 101, 900")


@pytest.mark.parametrize("body", [{"delta": 1}, {"delta": -1}])
def test_a_hundred_clients_race_for_one_version_and_exactly_one_wins(
    make_server: Fleet, figures: Figures, body: dict[str, int]
) -> None:
    server = make_server()
    server.start()
    sent = orjson.dumps({**body, "expectedVersion": 1})

    def adjust(connection: Connection, number: int) -> Awaitable[Reply]:
        return connection.request("POST", f"{_PATH}/adjust", sent, key=f"r{number}")

    async def attack() -> list[Reply]:
        await _open(server.port)
        return await _all(server.port, 100, 100, adjust)

    replies = asyncio.run(attack())
    winners = [reply for reply in replies if reply.status == 200]
    losers = [reply.json() for reply in replies if reply.status == 409]
    assert len(winners) == 1
    assert [(loser["error"], loser["currentVersion"]) for loser in losers] == [
        ("VersionConflict", 2)
    ] * 99
    figures.add("a stale version changes nothing", "100 clients, one version", "1 winner")
