"""A real PostgreSQL, of the newest version that there is: the engine's own tests look at others."""

import asyncio
from collections.abc import Iterator

import pytest

from surestock.database import migrate, open_connection
from tests.database.patient import patient
from tests.real.absent import skipped_when_absent
from tests.real.fixtures import each_version, fresh_database, lasting_cluster
from tests.real.postgres import Cluster
from tests.real.postgres_binaries import postgres_binaries


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> Cluster:
    """A durable server, which is up; a test may strike it."""
    with skipped_when_absent():
        version = each_version()[-1]
        if version is None:
            postgres_binaries()
        assert version is not None
        return lasting_cluster(request.config, version)


@pytest.fixture
def empty(postgres: Cluster) -> Iterator[str]:
    """The URL of a database without tables."""
    name = fresh_database(postgres)
    yield postgres.url(name)
    if not postgres.is_up:
        postgres.start_again()
    postgres.wait_until_ready()
    postgres.drop_database(name)


@pytest.fixture
def url(empty: str) -> str:
    """The URL of a database with the tables of this release, and nothing in them."""
    asyncio.run(_migrate(empty))
    return empty


async def _migrate(url: str) -> None:
    connection = await open_connection(patient(url))
    await migrate(connection)
    await connection.close()
