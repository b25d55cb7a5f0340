"""What the tests of the test bed share: a real PostgreSQL of each version, and a proxy to it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.real.fixtures import database, postgres, postgres_version, proxy
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy
from tests.real.shelf import Shelf

__all__ = ["database", "postgres", "postgres_version", "proxy"]


@pytest.fixture
def shelf(postgres: Cluster, database: str) -> Shelf:
    return Shelf(postgres, database)


@pytest.fixture
async def connection(proxy: Proxy, database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection by way of the proxy."""
    made = await asyncpg.connect(proxy.url(database))
    yield made
    made.terminate()
