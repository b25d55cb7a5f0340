"""A database with its tables, in which processes keep users' turns."""

import pytest

from surestock.database import DatabaseConfig, migrate, open_connection
from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster

__all__ = ["database", "postgres", "postgres_version"]


@pytest.fixture
async def config(postgres: Cluster, database: str) -> DatabaseConfig:
    """Give the way to it. What is not answered within a second is given up."""
    config = DatabaseConfig(postgres.url(database), deadline_s=1.0, lock_s=0.5)
    connection = await open_connection(config)
    await migrate(connection)
    await connection.close()
    return config
