"""Databases on real servers of each version, empty or with the schema, and a network to them."""

from collections.abc import AsyncIterator

import pytest

from surestock.database import DatabaseConfig, Lane, migrate, open_connection
from tests.database.patient import patient
from tests.real.cluster import Cluster
from tests.real.fixtures import database, postgres, postgres_version, proxy

__all__ = ["database", "postgres", "postgres_version", "proxy"]


@pytest.fixture
def config(postgres: Cluster, database: str) -> DatabaseConfig:
    """Where an empty database is. No machine is too slow for the time that is given."""
    return patient(postgres.url(database))


@pytest.fixture
async def lane(config: DatabaseConfig) -> AsyncIterator[Lane]:
    """A lane to an empty database."""
    made = Lane(config)
    yield made
    made.drop()


@pytest.fixture
async def migrated(config: DatabaseConfig) -> DatabaseConfig:
    """Where a database with the schema is."""
    connection = await open_connection(config)
    await migrate(connection)
    await connection.close()
    return config
