"""A server, a network to it, and a database with the tables."""

from collections.abc import AsyncIterator

import pytest

from tests.engine.postgres.arena import migrated_database
from tests.real.fixtures import postgres, postgres_version, proxy
from tests.real.postgres import Cluster

__all__ = ["postgres", "postgres_version", "proxy"]


@pytest.fixture
async def shop(postgres: Cluster) -> AsyncIterator[str]:
    """Give the name of a database with empty tables."""
    name = await migrated_database(postgres)
    yield name
    if not postgres.is_up:
        postgres.start_again()
    postgres.thaw()
    postgres.wait_until_ready()
    postgres.drop_database(name)
