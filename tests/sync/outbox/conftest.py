"""A database with the schema, on a real PostgreSQL of each version."""

from collections.abc import AsyncIterator

import pytest

from surestock.database import DatabaseConfig, Lane, migrate
from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster
from tests.sync.outbox.place import Place

__all__ = ["database", "postgres", "postgres_version"]


@pytest.fixture
async def place(postgres: Cluster, database: str) -> AsyncIterator[Place]:
    """A paper log, and the database that its records are put into."""
    # Who is killed in the greeting of TLS leaves a word of the driver's behind, which is no defect.
    url = f"{postgres.url(database)}?sslmode=disable"
    config = DatabaseConfig(url, connect_s=20.0, deadline_s=20.0)
    lane = Lane(config)
    async with lane.use() as connection:
        await migrate(connection)
    made = Place(config, lane)
    yield made
    lane.drop()
