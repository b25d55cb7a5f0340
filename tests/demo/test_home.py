"""Where a demo keeps its stock: a database of its own ends with it, and nobody's is written into.

The service is the real one, and so is PostgreSQL.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from demo.connection import Connection
from demo.home import Home, NoDatabase, home_for, run_command
from demo.process import HOST, ServiceFailed, running, verify
from tests.real.absent import skipped_when_absent
from tests.real.postgres_binaries import postgres_binaries

ONE_COUNT = b'{"operations":[{"op":"count","storeId":"s","sku":"a","onHand":1}]}'

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
async def database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Home]:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with skipped_when_absent():
        postgres_binaries()
    async with home_for("postgres", tmp_path / "data") as home:
        yield home


def _url(home: Home) -> str:
    return home.settings[1].removeprefix("DATABASE_URL=")


async def _count_one(port: int) -> None:
    connection = Connection(HOST, port)
    answer = await connection.exchange("POST", "/inventory/batch", ONE_COUNT)
    connection.close()
    assert b'"status":201' in answer.body


async def test_a_directory_is_the_home_of_the_log(tmp_path: Path) -> None:
    async with home_for("log", tmp_path / "data") as home:
        assert home.settings[:2] == ("ENGINE=log", f"DATA_DIR={tmp_path / 'data'}")
        assert home.words == f"DATA_DIR={tmp_path / 'data'}"


async def test_a_database_of_its_own_has_its_tables_and_ends_with_the_context(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with skipped_when_absent():
        postgres_binaries()
    async with home_for("postgres", tmp_path) as home:
        connection = await asyncpg.connect(_url(home))
        assert await connection.fetchval("SELECT sequence FROM surestock.head") == 0
        assert await connection.fetchval("SHOW fsync") == "on"
        await connection.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncpg.connect(_url(home))


async def test_a_demo_is_no_guest_where_something_is_on_record(
    database: Home, tmp_path: Path
) -> None:
    async with running(database, tmp_path / "server.log") as port:
        await _count_one(port)
    code, printed = await verify(database)
    assert code == 0, printed
    with pytest.raises(ServiceFailed, match="is in use: name an empty one"):
        async with running(database, tmp_path / "server.log"):
            pass


async def test_what_is_wrong_in_a_database_is_found_at_the_end(
    database: Home, tmp_path: Path
) -> None:
    async with running(database, tmp_path / "server.log") as port:
        await _count_one(port)
    connection = await asyncpg.connect(_url(database))
    await connection.execute("UPDATE surestock.levels SET on_hand = 2")
    await connection.close()
    code, printed = await verify(database)
    assert code == 1
    assert "damaged: table levels" in printed


async def test_the_url_that_is_named_is_used_and_never_shown(
    database: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", _url(database))
    async with home_for("postgres", tmp_path) as home:
        assert home == Home(("ENGINE=postgres",), "the database of DATABASE_URL")
        code, printed = await run_command(home, "verify")
    assert code == 0, printed


async def test_a_database_that_does_not_answer_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://somebody:secret@127.0.0.1:9/nowhere")
    with pytest.raises(NoDatabase, match="surestock migrate failed") as told:
        async with home_for("postgres", tmp_path):
            pass
    assert "secret" not in str(told.value)
