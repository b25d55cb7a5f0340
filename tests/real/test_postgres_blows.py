"""A PostgreSQL of a test takes every blow, keeps what it acknowledged, and is there again."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import asyncpg
import pytest

from tests.real import scratch
from tests.real.fixtures import fresh_database, lasting_cluster
from tests.real.postgres import Cluster
from tests.real.process import children, free_port, runs, steady_port

_SOON_S = 0.3
_ENOUGH_S = 90


@pytest.fixture
async def connection(postgres: Cluster, database: str) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(postgres.url(database))
    yield made
    made.terminate()


def written(cluster: Cluster, database: str) -> None:
    cluster.execute("CREATE TABLE shelf (qty int)", database)
    cluster.execute("INSERT INTO shelf VALUES (3)", database)


@pytest.mark.parametrize("blow", [Cluster.stop_at_once, Cluster.kill])
def test_what_it_acknowledged_is_there_after_its_end(
    postgres: Cluster, database: str, blow: Callable[[Cluster], None]
) -> None:
    port = postgres.port
    written(postgres, database)
    before = {postgres.process, *children(postgres.process)}
    assert len(before) > 3
    blow(postgres)
    assert not postgres.is_up
    assert not [process for process in before if runs(process)]
    with pytest.raises(ConnectionRefusedError):
        postgres.execute("SELECT 1")
    postgres.start_again()
    assert postgres.port == port
    assert postgres.execute("SELECT qty FROM shelf", database) == [("3",)]


async def test_one_killed_backend_ends_every_connection_and_the_server_recovers(
    postgres: Cluster, database: str, connection: asyncpg.Connection
) -> None:
    written(postgres, database)
    other = await asyncpg.connect(postgres.url("postgres"))
    assert postgres.backends(database) == [connection.get_server_pid()]
    assert other.get_server_pid() in postgres.backends()
    main = postgres.process
    postgres.kill_backend(connection.get_server_pid())
    for cut in (connection, other):
        with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
            await cut.execute("SELECT 1")
        cut.terminate()
    postgres.wait_until_ready()
    assert postgres.process == main
    assert postgres.execute("SELECT qty FROM shelf", database) == [("3",)]


async def test_a_frozen_backend_answers_when_it_is_thawed_and_others_go_on(
    postgres: Cluster, database: str, connection: asyncpg.Connection
) -> None:
    postgres.freeze(connection.get_server_pid())
    answer = asyncio.ensure_future(connection.fetchval("SELECT 7"))
    done, _ = await asyncio.wait([answer], timeout=_SOON_S)
    assert not done
    assert postgres.execute("SELECT 1", database) == [("1",)]
    postgres.thaw(connection.get_server_pid())
    assert await asyncio.wait_for(answer, _ENOUGH_S) == 7


async def test_a_database_is_dropped_though_a_frozen_backend_uses_it(postgres: Cluster) -> None:
    name = fresh_database(postgres)
    connection = await asyncpg.connect(postgres.url(name))
    postgres.freeze(connection.get_server_pid())
    postgres.drop_database(name)
    found = postgres.execute("SELECT datname FROM pg_database")
    assert (name,) not in found
    connection.terminate()


def test_a_process_that_is_not_the_servers_is_not_struck(postgres: Cluster) -> None:
    with pytest.raises(AssertionError, match="none of this server's"):
        postgres.kill_backend(os.getpid())


def test_two_databases_are_two_and_empty(postgres: Cluster) -> None:
    first, second = fresh_database(postgres), fresh_database(postgres)
    written(postgres, first)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    assert postgres.execute(tables, second) == []
    for name in (first, second):
        postgres.drop_database(name)


def test_the_lasting_one_is_one_and_up_again_for_the_next_test(
    postgres: Cluster, postgres_version: str, request: pytest.FixtureRequest
) -> None:
    postgres.kill()
    again = lasting_cluster(request.config, postgres_version)
    assert again is postgres
    assert again.is_up


def test_a_port_of_a_server_that_is_down_is_given_to_nobody() -> None:
    (low, high) = Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()
    assert not int(low) <= steady_port() <= int(high)
    assert int(low) <= free_port() <= int(high), "the range was not the one"


def test_where_a_memory_file_system_has_no_room_the_disk_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(scratch, "IN_MEMORY", tmp_path)
    assert scratch.fastest_place() == tmp_path
    monkeypatch.setattr(scratch, "ROOM_BYTES", 1 << 60)
    assert scratch.fastest_place() != tmp_path
    monkeypatch.setattr(scratch, "ROOM_BYTES", 0)
    monkeypatch.setattr(scratch, "IN_MEMORY", tmp_path / "nowhere")
    assert scratch.fastest_place() != tmp_path / "nowhere"


def test_what_a_killed_test_run_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    mine = scratch.scratch_folder(tmp_path)
    left = tmp_path / mine.name.replace(str(os.getpid()), str(2**22 + 1))
    of_others = tmp_path / "surestock-real-notes"
    for folder in (left, of_others):
        folder.mkdir()
    scratch.scratch_folder(tmp_path)
    assert [mine.exists(), left.exists(), of_others.exists()] == [True, False, True]
