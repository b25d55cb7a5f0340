"""What one process at a time has to do: forget old keys, in parts; and the look at the clocks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest

from surestock.database import Chores, DatabaseConfig, Lane, open_connection
from surestock.engine.postgres import PostgresConfig, PostgresObserver, tidying
from surestock.engine.postgres.levels import SQL
from surestock.engine.postgres.tidying import Tidying
from surestock.inventory.unavailable import DatabaseUnavailable
from tests.engine.postgres.arena import SkewedClock
from tests.real.cluster import Cluster
from tests.real.process import steady_port

_LONG_S = 60
_TTL = timedelta(hours=24)
_PUT = """
INSERT INTO surestock.answers (digest, sequence, answered_at)
SELECT decode(md5($1 || n), 'hex'), n, now() - make_interval(secs => $2)
FROM generate_series(1, $3::int) AS n
"""


@pytest.fixture
def config(postgres: Cluster, shop: str) -> PostgresConfig:
    database = DatabaseConfig(postgres.url(shop), connect_s=20.0, deadline_s=20.0)
    return PostgresConfig(database, idempotency_ttl=_TTL, patience_s=20.0)


@pytest.fixture
async def lane(config: PostgresConfig) -> AsyncIterator[Lane]:
    made = Lane(config.database)
    yield made
    made.drop()


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what is done now and then be done all the time, two keys at once."""
    monkeypatch.setattr(tidying, "_EVERY_S", 0.001)
    monkeypatch.setattr(tidying, "_ANSWERS_AT_ONCE", 2)


@asynccontextmanager
async def at_work(config: PostgresConfig, ahead_s: float = 0.0) -> AsyncIterator[Tidying]:
    made = Tidying(config, SkewedClock(ahead_s), PostgresObserver())
    running = asyncio.ensure_future(made.run())
    try:
        async with asyncio.timeout(_LONG_S):
            yield made
    finally:
        running.cancel()
        await asyncio.wait([running])
        await made.close()


async def until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - whatever it is, nobody tells of it
        await asyncio.sleep(0.001)


async def count(lane: Lane) -> int:
    async with lane.use() as connection:
        return int(await connection.fetchval("SELECT count(*) FROM surestock.answers"))


async def until_left(lane: Lane, number: int) -> None:
    while await count(lane) > number:  # noqa: ASYNC110 - the database tells nobody
        await asyncio.sleep(0.001)


async def put(lane: Lane, name: str, age: timedelta, number: int) -> None:
    async with lane.use() as connection:
        await connection.execute(_PUT, name, age.total_seconds(), number)


@pytest.mark.parametrize("ahead_s", [0.0, 2 * _TTL.total_seconds()], ids=["right", "far ahead"])
async def test_old_keys_are_forgotten_in_parts_and_young_ones_are_kept_whatever_the_clock_says(
    config: PostgresConfig, lane: Lane, ahead_s: float
) -> None:
    await put(lane, "old", _TTL + timedelta(minutes=1), 5)
    await put(lane, "young", _TTL - timedelta(minutes=1), 3)
    async with at_work(config, ahead_s):
        await until_left(lane, 3)
        for _ in range(10):
            assert await count(lane) == 3


async def test_nobody_forgets_what_another_process_is_at(
    config: PostgresConfig, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []
    whole = Chores.try_hold

    async def noted(self: Chores, name: str, for_s: float) -> bool:
        looks.append(await whole(self, name, for_s))
        return looks[-1]

    await put(lane, "old", _TTL + timedelta(minutes=1), 5)
    another = Chores(lane, "another")
    assert await another.try_hold("forget answers", 60.0)
    monkeypatch.setattr(Chores, "try_hold", noted)
    async with at_work(config):
        await until(lambda: len(looks) >= 3)
        assert (any(looks), await count(lane)) == (False, 5)
        await another.try_hold("forget answers", 0.0)
        await until_left(lane, 0)


@pytest.mark.parametrize("ahead_s", [-5.0, 5.0])
async def test_a_clock_that_is_off_is_told_of(config: PostgresConfig, ahead_s: float) -> None:
    async with at_work(config, ahead_s) as made:
        # How long the question took is taken off, and a busy machine may ask for long.
        await until(lambda: any("clock is 5.0 s off" in it for it in made.warnings))
        (warning,) = made.warnings
    assert "this machine's clock is 5.0 s off the database's" in warning
    assert "synchronize the clocks" in warning


async def test_a_clock_that_is_right_again_is_not_told_of_any_more(
    config: PostgresConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with at_work(config, 5.0) as made:
        await until(lambda: made.warnings != ())
        monkeypatch.setattr(made, "_clock", SkewedClock())
        await until(lambda: made.warnings == ())


async def test_a_chore_is_passed_on_when_its_block_ends(config: PostgresConfig) -> None:
    first, second = (Tidying(config, SkewedClock(), PostgresObserver()) for _ in range(2))
    async with first.chore("sweep") as is_firsts:
        async with second.chore("sweep") as is_seconds:
            assert (is_firsts, is_seconds) == (True, False)
        async with second.chore("sweep") as is_seconds:
            assert not is_seconds, "who does not have it lets nobody in"
    async with second.chore("sweep") as is_seconds:
        assert is_seconds
    await first.close()
    await second.close()


async def test_a_database_that_is_away_ends_nothing(config: PostgresConfig) -> None:
    away = DatabaseConfig(f"postgres://postgres@127.0.0.1:{steady_port()}/shop", connect_s=0.1)
    made = Tidying(PostgresConfig(away), SkewedClock(), PostgresObserver())
    with pytest.raises(DatabaseUnavailable):
        async with made.chore("sweep"):
            pass
    running = asyncio.ensure_future(made.run())
    await asyncio.wait([running], timeout=0.2)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    del config


async def test_a_key_that_is_used_again_while_it_is_forgotten_is_kept(
    config: PostgresConfig, lane: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[None] = []
    whole = Tidying._forget_answers  # noqa: SLF001 - it tells nobody

    async def noted(self: Tidying) -> None:
        await whole(self)
        looks.append(None)

    monkeypatch.setattr(Tidying, "_forget_answers", noted)
    await put(lane, "old", _TTL + timedelta(minutes=1), 1)
    another = await open_connection(config.database)
    try:
        await another.execute("BEGIN")
        await another.execute("UPDATE surestock.answers SET answered_at = now()")
        async with at_work(config):
            await until(lambda: len(looks) >= 3)
            await another.execute("COMMIT")
            before = len(looks)
            await until(lambda: len(looks) >= before + 3)
            assert await count(lane) == 1
    finally:
        another.terminate()


async def test_what_is_old_is_found_without_a_look_at_the_young(lane: Lane) -> None:
    await put(lane, "young", timedelta(0), 50_000)
    async with lane.use() as connection:
        await connection.execute("ANALYZE surestock.answers")
        explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {SQL['forget_answers']}"
        (told,) = await connection.fetch(explain, datetime.now(UTC), _TTL, 10)
    assert "Rows Removed by Filter" not in told[0]
    assert "answers_by_time" in told[0]
