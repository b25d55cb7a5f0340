"""What the tests of the test bed share: a real PostgreSQL of each version, and a proxy to it."""

from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy, proxy_to
from tests.real.shelf import Shelf

__all__ = ["database", "postgres", "postgres_version"]


@pytest.fixture
def shelf(postgres: Cluster, database: str) -> Shelf:
    return Shelf(postgres, database)


@pytest.fixture
def proxy(postgres: Cluster) -> Iterator[Proxy]:
    with proxy_to(postgres.port) as made:
        yield made


@pytest.fixture
async def connection(proxy: Proxy, database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection by way of the proxy."""
    made = await asyncpg.connect(proxy.url(database))
    yield made
    made.terminate()
