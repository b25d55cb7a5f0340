"""A database with its tables, in which processes keep users' turns."""

import pytest

from surestock.database import DatabaseConfig, migrate, open_connection
from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster

__all__ = ["database", "postgres", "postgres_version"]


@pytest.fixture
async def config(postgres: Cluster, database: str) -> DatabaseConfig:
    """Give the way to it. A machine that stands still for some seconds loses no session."""
    config = DatabaseConfig(postgres.url(database), connect_s=20.0, deadline_s=20.0, lock_s=20.0)
    connection = await open_connection(config)
    await migrate(connection)
    await connection.close()
    return config
