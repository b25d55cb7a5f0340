"""A chore has one holder at a time, which keeps it by asking again, and it passes on by time."""

import asyncio

import pytest

from surestock.database import (
    Chores,
    DatabaseConfig,
    Lane,
    TryAgain,
    migrate,
    named_statements,
    open_connection,
)
from tests.real.postgres import Cluster


@pytest.fixture
async def config(postgres: Cluster, database: str) -> DatabaseConfig:
    config = DatabaseConfig(postgres.url(database), connect_s=20.0, deadline_s=20.0)
    connection = await open_connection(config)
    await migrate(connection)
    await connection.close()
    return config


async def test_a_chore_has_one_holder_who_keeps_it_by_asking_again(config: DatabaseConfig) -> None:
    lane = Lane(config)
    first, second = Chores(lane, "first"), Chores(lane, "second")
    assert await first.try_hold("sweep", 60.0)
    assert not await second.try_hold("sweep", 60.0)
    assert await second.try_hold("another", 60.0)
    assert await first.try_hold("sweep", 0.0)
    assert await second.try_hold("sweep", 60.0), "its time was over"
    assert not await first.try_hold("sweep", 60.0)
    await lane.close()


async def race(config: DatabaseConfig) -> list[int]:
    """Let ten ask at once for each of some chores that ended; return how many of them got it."""
    lanes = [Lane(config) for _ in range(10)]
    chores = [Chores(lane, f"holder {place}") for place, lane in enumerate(lanes)]
    got = []
    for number in range(20):
        assert await chores[0].try_hold(f"chore {number}", 0.0)
        asked = [it.try_hold(f"chore {number}", 60.0) for it in chores[1:]]
        ends = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(end, bool | TryAgain) for end in ends), ends
        got.append(sum(end is True for end in ends))
    for lane in lanes:
        await lane.close()
    return got


async def test_of_those_who_ask_at_once_one_gets_it(config: DatabaseConfig) -> None:
    assert await race(config) == [1] * 20


async def test_a_chore_that_is_taken_without_a_look_at_its_holder_is_caught(
    config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    hold = named_statements("surestock.database", "chores.sql")["hold"]
    everybody = {"hold": hold.replace("WHERE chore.holder", "WHERE true OR chore.holder")}
    monkeypatch.setattr("surestock.database.chores._SQL", everybody)
    assert max(await race(config)) > 1
