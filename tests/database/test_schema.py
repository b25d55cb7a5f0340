"""Migrations: each once and whole, by one process at a time, and never other ones than these."""

import asyncio

import asyncpg
import pytest
from msgspec.structs import replace

from surestock.database import (
    DatabaseConfig,
    DatabaseError,
    Lane,
    Migration,
    SchemaBehind,
    applied_migrations,
    check_schema,
    known_migrations,
    migrate,
    open_connection,
    schema,
)
from tests.database.patient import patient
from tests.real.cluster import Cluster

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'surestock'"


def without_text(known: list[Migration]) -> list[Migration]:
    return [Migration(it.number, it.name, it.digest) for it in known]


def test_migrations_are_numbered_without_a_gap() -> None:
    known = known_migrations()
    assert [it.number for it in known] == list(range(1, len(known) + 1))
    assert len({it.digest for it in known}) == len(known) > 0


async def test_an_empty_database_gets_all_of_them_in_order(lane: Lane) -> None:
    told: list[Migration] = []
    async with lane.use() as connection:
        assert await applied_migrations(connection) == []
        await migrate(connection, told.append)
        assert await applied_migrations(connection) == without_text(known_migrations())
        await check_schema(connection)
    assert told == known_migrations()


async def test_a_second_time_does_nothing(migrated: DatabaseConfig) -> None:
    told: list[Migration] = []
    connection = await open_connection(migrated)
    before = await connection.fetchval("SELECT max(applied_at) FROM surestock.migrations")
    await migrate(connection, told.append)
    assert told == []
    assert await connection.fetchval("SELECT max(applied_at) FROM surestock.migrations") == before
    await connection.close()


async def test_only_what_is_missing_is_applied(
    config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, told = known_migrations(), list[Migration]()
    connection = await open_connection(config)
    with monkeypatch.context() as older:
        older.setattr(schema, "_KNOWN", known[:1])
        await migrate(connection)
    with pytest.raises(SchemaBehind, match="run `surestock migrate`"):
        await check_schema(connection)
    await migrate(connection, told.append)
    assert told == known[1:]
    await connection.close()


async def test_a_database_without_a_schema_is_behind(lane: Lane) -> None:
    async with lane.use() as connection:
        with pytest.raises(SchemaBehind, match="run `surestock migrate`"):
            await check_schema(connection)


async def test_many_at_once_apply_each_migration_once(config: DatabaseConfig) -> None:
    connections = [await open_connection(replace(config, lock_s=30.0)) for _ in range(4)]
    for _ in range(5):
        told: list[Migration] = []
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            for connection in connections:
                tasks.create_task(migrate(connection, told.append))
        assert sorted(told, key=lambda it: it.number) == known_migrations()
        await connections[0].execute("DROP SCHEMA surestock CASCADE")
    for connection in connections:
        connection.terminate()


@pytest.mark.parametrize("broken", ["SELECT 1/0", "SELECT nowhere", "SYNTAX"])
async def test_a_migration_that_fails_leaves_nothing_of_itself(
    config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    known = known_migrations()
    step = known[1]
    spoilt = Migration(step.number, step.name, step.digest, f"{step.statements}\n{broken};")
    connection = await open_connection(config)
    monkeypatch.setattr(schema, "_KNOWN", [known[0], spoilt, *known[2:]])
    with pytest.raises(asyncpg.PostgresError):
        await migrate(connection)
    assert await applied_migrations(connection) == without_text(known[:1])
    monkeypatch.undo()
    await migrate(connection)
    await check_schema(connection)
    await connection.close()


async def test_a_migration_that_is_interrupted_is_made_good_the_next_time(
    config: DatabaseConfig, postgres: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = known_migrations()
    slow = Migration(1, known[0].name, known[0].digest, f"{known[0].statements}SELECT pg_sleep(60)")
    connection = await open_connection(config)
    monkeypatch.setattr(schema, "_KNOWN", [slow, *known[1:]])
    task = asyncio.ensure_future(migrate(connection))
    (backend,) = postgres.backends(database)
    asleep = f"SELECT FROM pg_stat_activity WHERE pid = {backend} AND wait_event = 'PgSleep'"
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(postgres.execute, asleep):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    connection.terminate()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await task
    postgres.execute(f"SELECT pg_terminate_backend({backend}, 30000)")
    monkeypatch.undo()
    again = await open_connection(config)
    await migrate(again)
    await check_schema(again)
    await again.close()


async def test_a_migration_that_was_another_one_is_refused(migrated: DatabaseConfig) -> None:
    connection = await open_connection(migrated)
    await connection.execute("UPDATE surestock.migrations SET digest = 'other' WHERE number = 2")
    for use in (check_schema, migrate):
        with pytest.raises(SchemaBehind, match=r"migration 0002 \w+ was not applied as this"):
            await use(connection)
    await connection.close()


async def test_a_newer_release_is_refused_by_name(migrated: DatabaseConfig) -> None:
    connection = await open_connection(migrated)
    number = len(known_migrations()) + 1
    await connection.execute(
        "INSERT INTO surestock.migrations VALUES ($1, 'colours', 'x', now())", number
    )
    for use in (check_schema, migrate):
        with pytest.raises(SchemaBehind, match=f"newer release has applied {number:04} colours"):
            await use(connection)
    await connection.close()


async def test_who_may_not_make_tables_may_find_them_up_to_date(
    migrated: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    postgres.execute("CREATE ROLE clerk LOGIN")
    try:
        postgres.execute("GRANT USAGE ON SCHEMA surestock TO clerk", database)
        postgres.execute("GRANT ALL ON ALL TABLES IN SCHEMA surestock TO clerk", database)
        lane = Lane(patient(migrated.url.replace("//postgres@", "//clerk@")))
        async with lane.use() as connection:
            await migrate(connection)
        await lane.close()
    finally:
        postgres.execute("DROP OWNED BY clerk", database)
        postgres.execute("DROP ROLE clerk")


async def test_who_may_not_make_tables_is_told_so(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    postgres.execute("CREATE ROLE clerk LOGIN")
    try:
        lane = Lane(patient(config.url.replace("//postgres@", "//clerk@")))
        with pytest.raises(DatabaseError, match="permission denied for database"):
            async with lane.use() as connection:
                await migrate(connection)
        await lane.close()
    finally:
        postgres.execute("DROP ROLE clerk")
    assert postgres.execute(_TABLES, database) == [("0",)]
