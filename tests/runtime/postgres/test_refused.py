"""A database that is not there, or must not be trusted: a sentence that says what to do, and 2."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.real.postgres import Cluster, postgres_cluster
from tests.real.process import steady_port
from tests.runtime.postgres.shop import Aside
from tests.runtime.process import API, WORKER

ROLES = pytest.mark.parametrize("role", [(), API, WORKER], ids=["all", "api", "worker"])
BEGINS = "surestock: The database cannot be used: "


def refused(directory: Path, url: str, *command: str, **settings: str) -> str:
    """Start with a password in the URL, expect the refusal, and return the sentence."""
    with_password = url.replace("postgres@", "postgres:opensesame@")
    assert with_password != url
    process = Aside(directory, "refused", with_password, *command, **settings)
    assert process.ended() == 2
    sentence = process.errors
    assert sentence.startswith("surestock: ")
    assert sentence.count("\n") == 1
    assert sentence.endswith(".\n")
    assert "Traceback" not in sentence
    assert "opensesame" not in sentence
    assert "opensesame" not in process.log.read_text()
    return sentence


def changed(url: str, statement: str) -> None:
    """Run a statement in the database of ``url``."""

    async def change() -> None:
        connection = await asyncpg.connect(url)
        await connection.execute(statement)
        await connection.close()

    asyncio.run(change())


@ROLES
def test_a_database_without_tables(tmp_path: Path, empty: str, role: tuple[str, ...]) -> None:
    sentence = refused(tmp_path, empty, *role)
    assert sentence == f"{BEGINS}its schema is not up to date: run `surestock migrate`.\n"


@ROLES
def test_a_database_that_is_not_there(tmp_path: Path, role: tuple[str, ...]) -> None:
    port = steady_port()
    sentence = refused(tmp_path, f"postgres://postgres@127.0.0.1:{port}/shop", *role)
    assert sentence.startswith(f"surestock: The database does not answer: 127.0.0.1:{port}: ")
    assert sentence.endswith("Start it, or correct DATABASE_URL.\n")


@ROLES
def test_a_database_that_only_a_part_was_moved_to(
    tmp_path: Path, url: str, role: tuple[str, ...]
) -> None:
    changed(url, "INSERT INTO surestock.moving VALUES (true, 7, 'abc', 'data')")
    assert "give the same `surestock move` again" in refused(tmp_path, url, *role)


def test_a_database_of_a_newer_release(tmp_path: Path, url: str) -> None:
    changed(url, "INSERT INTO surestock.migrations VALUES (9999, 'later', 'x', now())")
    assert "use that release" in refused(tmp_path, url, *API)


def test_a_name_that_no_database_has(tmp_path: Path, postgres: Cluster) -> None:
    sentence = refused(tmp_path, postgres.url("nosuch"), *API)
    assert sentence.startswith(BEGINS)
    assert '"nosuch" does not exist; make it, or correct its name' in sentence


@ROLES
def test_a_database_that_takes_nobody(
    tmp_path: Path, postgres: Cluster, url: str, role: tuple[str, ...]
) -> None:
    postgres.execute(f"ALTER DATABASE {url.rpartition('/')[2]} ALLOW_CONNECTIONS false")
    sentence = refused(tmp_path, url, *role)
    assert sentence.startswith(
        f"surestock: The database does not answer: 127.0.0.1:{postgres.port}"
    )
    assert "is not currently accepting connections" in sentence


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_a_database_that_would_lose_what_was_acknowledged(
    tmp_path: Path, postgres: Cluster, setting: str
) -> None:
    version = postgres.execute("SHOW server_version_num")[0][0]
    assert version is not None
    major = str(int(version) // 10_000)
    with postgres_cluster(major, durable=True, settings={setting: "off"}) as cluster:
        sentence = refused(tmp_path, cluster.url("postgres"), *API)
    assert sentence.startswith(f"{BEGINS}127.0.0.1:{cluster.port}: {setting} is off there")
    assert sentence.endswith("turn it on.\n")


def test_a_setting_that_is_missing(tmp_path: Path) -> None:
    process = Aside(tmp_path, "refused", "", *API)
    assert process.ended() == 2
    assert "DATABASE_URL is missing" in process.errors


def test_a_fleet_is_refused_once(tmp_path: Path, empty: str) -> None:
    process = Aside(tmp_path, "refused", empty, *API, "--workers", "2")
    assert process.ended() == 2
    assert process.errors.count("surestock migrate") == 1
