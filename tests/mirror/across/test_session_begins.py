"""How a session begins: it tidies up where it can, and stays as durable as it was."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, named_statements, open_connection
from surestock.mirror.across.session import LastingSession, begin
from tests.mirror.across.member import change
from tests.real.postgres import Cluster

GONE = (
    "INSERT INTO surestock.turns SELECT 'user' || n, 999999, now(), 'gone' "
    "FROM generate_series(1, 3) AS n"
)
RAISES = "DO $$ BEGIN RAISE 'the sweep failed' USING ERRCODE = '{state}'; END $$"


@pytest.fixture
def gone(config: DatabaseConfig, postgres: Cluster, database: str) -> DatabaseConfig:
    """Give a way to the database in which a session is gone, and left three turns."""
    postgres.execute(GONE, database)
    return config


def let_the_sweep_fail(monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """Let the sweep end in an error of the server."""
    sweep = named_statements("surestock.mirror.across", "turns.sql")["sweep"]
    change(monkeypatch, "sweep", sweep, RAISES.format(state=state))


@asynccontextmanager
async def session_of(config: DatabaseConfig) -> AsyncIterator[LastingSession]:
    """Give a process's session, which is not begun yet, and end it after."""
    lasting = LastingSession(config, "me")
    try:
        yield lasting
    finally:
        await lasting.close()


@asynccontextmanager
async def held(config: DatabaseConfig, statement: str) -> AsyncIterator[None]:
    """Have for the length of the block what ``statement`` locks."""
    connection = await open_connection(config)
    try:
        async with connection.transaction():
            await connection.execute(statement)
            yield
    finally:
        await connection.close()


async def users(config: DatabaseConfig) -> list[str]:
    connection = await open_connection(config)
    rows = await connection.fetch("SELECT user_id FROM surestock.turns ORDER BY user_id")
    await connection.close()
    return [row["user_id"] for row in rows]


async def confirm_a_turn(lasting: LastingSession) -> None:
    """Take a turn, and confirm it as durably as a change is acknowledged there."""
    taken = await lasting.take("anna")
    assert taken is not None
    assert taken.durability == "on"
    assert await lasting.confirm("anna", taken)


async def test_a_session_that_begins_again_on_its_connection_is_as_durable_as_before(
    config: DatabaseConfig,
) -> None:
    connection = await open_connection(config)
    try:
        for _ in range(2):
            assert (await begin(connection)).durability == "on"
            assert await connection.fetchval("SHOW synchronous_commit") == "off"
    finally:
        await connection.close()


async def test_what_gone_sessions_had_is_deleted(gone: DatabaseConfig) -> None:
    async with session_of(gone) as lasting:
        await lasting.open()
        assert await users(gone) == []


async def test_a_turn_that_somebody_takes_over_is_passed_by_and_not_waited_for(
    gone: DatabaseConfig,
) -> None:
    async with session_of(gone) as lasting:
        async with held(gone, "SELECT FROM surestock.turns WHERE user_id = 'user2' FOR UPDATE"):
            await lasting.open()
            assert await users(gone) == ["user2"]
        await confirm_a_turn(lasting)


async def test_a_lock_on_the_table_refuses_no_start_and_no_turn(gone: DatabaseConfig) -> None:
    async with session_of(replace(gone, lock_s=0.2)) as lasting:
        async with held(gone, "LOCK TABLE surestock.turns IN EXCLUSIVE MODE"):
            await lasting.open()
        await confirm_a_turn(lasting)
        assert await users(gone) == ["anna", "user1", "user2", "user3"]


@pytest.mark.parametrize("state", ["40P01", "55P03", "57014"])
async def test_a_sweep_that_comes_to_nothing_is_no_matter(
    gone: DatabaseConfig, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    let_the_sweep_fail(monkeypatch, state)
    async with session_of(gone) as lasting:
        await lasting.open()
        await confirm_a_turn(lasting)


async def test_a_sweep_with_a_defect_is_told(
    gone: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_the_sweep_fail(monkeypatch, "22012")
    async with session_of(gone) as lasting:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await lasting.open()
