"""A database that would lose stock, or cannot hold it, is refused in words that say what to do."""

import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig, DatabaseDown, DatabaseUnfit, open_connection
from tests.database.patient import patient
from tests.real.absent import skipped_when_absent
from tests.real.cluster import Cluster
from tests.real.postgres import postgres_cluster
from tests.real.postgres_binaries import give_to_server_user


async def refusal(config: DatabaseConfig) -> str:
    """Return why a database is not fit."""
    with pytest.raises(DatabaseUnfit) as refused:
        await open_connection(config)
    return str(refused.value)


async def test_a_fit_database_is_taken_and_bounded_on_its_side_too(config: DatabaseConfig) -> None:
    connection = await open_connection(replace(config, lock_s=0.25, deadline_s=2.0, name="one"))
    assert await connection.fetchval("SHOW lock_timeout") == "250ms"
    assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "2s"
    assert await connection.fetchval("SHOW application_name") == "one"
    await connection.close()


@pytest.mark.parametrize("whose", ["DATABASE {}", "ROLE unsafe"])
async def test_a_commit_that_is_not_on_disk_is_refused_whoever_asked_for_it(
    postgres: Cluster, database: str, whose: str
) -> None:
    postgres.execute("CREATE ROLE unsafe LOGIN")
    try:
        postgres.execute(f"ALTER {whose.format(database)} SET synchronous_commit = off")
        url = postgres.url(database).replace("//postgres@", "//unsafe@")
        told = await refusal(patient(url))
    finally:
        postgres.execute("DROP ROLE unsafe")
    assert "synchronous_commit is off there" in told
    assert "turn it on" in told


async def test_the_word_of_the_url_counts_against_the_role(
    postgres: Cluster, database: str
) -> None:
    postgres.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    url = f"{postgres.url(database)}?synchronous_commit=on"
    connection = await open_connection(patient(url))
    assert await connection.fetchval("SHOW synchronous_commit") == "on"
    await connection.close()


async def test_a_role_cannot_change_what_statements_see(postgres: Cluster, database: str) -> None:
    postgres.execute(f"ALTER DATABASE {database} SET default_transaction_isolation = serializable")
    postgres.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    postgres.execute(f"ALTER DATABASE {database} SET statement_timeout = 500")
    connection = await open_connection(patient(postgres.url(database)))
    async with connection.transaction():
        assert await connection.fetchval("SHOW transaction_isolation") == "read committed"
        await connection.execute("CREATE TABLE written (qty int)")
        await connection.execute("SELECT pg_sleep(0.7)")
    await connection.close()


async def test_a_session_ends_in_time_whether_its_client_went_silent_or_in_the_middle(
    postgres: Cluster, database: str
) -> None:
    """Keepalives end one that is idle, and no other: an answer on its way has its own time-out."""
    connection = await open_connection(patient(postgres.url(database), deadline_s=2.0))
    found = await connection.fetchrow(
        "SELECT current_setting('tcp_keepalives_idle'), current_setting('tcp_user_timeout')"
    )
    assert tuple(found or ()) == ("2", "8000")
    await connection.close()


@pytest.fixture(scope="module")
def careless(postgres_version: str) -> Iterator[Cluster]:
    """A server that flushes nothing."""
    settings = {"synchronous_commit": "on"}
    with (
        skipped_when_absent(),
        postgres_cluster(postgres_version, settings=settings) as cluster,
    ):
        yield cluster


async def test_a_server_that_flushes_nothing_is_refused(careless: Cluster) -> None:
    told = await refusal(patient(careless.url("postgres")))
    assert told == (
        f"127.0.0.1:{careless.port}: fsync is off there, so a crash would lose what was "
        "acknowledged; turn it on"
    )


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
async def test_another_encoding_is_refused(postgres: Cluster, database: str, encoding: str) -> None:
    name = f"{database}_{encoding.lower()}"
    postgres.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    try:
        told = await refusal(patient(postgres.url(name)))
    finally:
        postgres.drop_database(name)
    assert f"its encoding is {encoding}" in told
    assert "UTF8" in told


async def test_a_database_that_is_not_there_is_named(postgres: Cluster) -> None:
    assert await refusal(patient(postgres.url("nowhere"))) == (
        f'127.0.0.1:{postgres.port}: database "nowhere" does not exist; make it, or correct its '
        "name in the URL"
    )


async def test_a_database_that_takes_nobody_is_down_until_it_does(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    postgres.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
    with pytest.raises(DatabaseDown) as down:
        await open_connection(config)
    told = (
        f'127.0.0.1:{postgres.port}: database "{database}" is not currently accepting connections'
    )
    assert str(down.value) == told
    postgres.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
    await (await open_connection(config)).close()


@pytest.fixture
def with_passwords(careless: Cluster) -> Iterator[Cluster]:
    """A server that asks for a password."""
    rules = careless.data / "pg_hba.conf"
    before = rules.read_text()
    careless.execute("CREATE ROLE ann LOGIN PASSWORD 'right'")
    rules.write_text("host all ann 127.0.0.1/32 scram-sha-256\n" + before)
    give_to_server_user(rules)
    careless.execute("SELECT pg_reload_conf()")
    yield careless
    rules.write_text(before)
    careless.execute("SELECT pg_reload_conf()")
    careless.execute("DROP ROLE ann")


@pytest.mark.parametrize("password", [":s3cret", ""])
async def test_a_wrong_password_is_refused_and_not_told(
    with_passwords: Cluster, password: str
) -> None:
    url = with_passwords.url("postgres").replace("//postgres@", f"//ann{password}@")
    with pytest.raises(DatabaseUnfit, match=re.compile("password|authentication")) as refused:
        await open_connection(patient(url))
    assert "s3cret" not in str(refused.value)
