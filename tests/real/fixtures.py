"""Fixtures around real PostgreSQL servers: one of each version for a whole test run.

A folder's conftest imports the fixtures that it wants by name. However many do, a server is
started once, and ended with the test run.
"""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.real.absent import skipped_when_absent
from tests.real.postgres import Cluster, postgres_cluster
from tests.real.postgres_binaries import installed_postgres, postgres_binaries
from tests.real.proxy import Proxy, proxy_to

_clusters: dict[str, Cluster] = {}


def each_version() -> list[str | None]:
    """Return the versions to run a test on; None alone, which is then skipped, where is none."""
    return [*installed_postgres()] or [None]


def name_of(version: str | None) -> str:
    """Return what a test on this version is called by."""
    return f"postgres-{version or 'absent'}"


def lasting_cluster(config: pytest.Config, version: str) -> Cluster:
    """Return the durable server of a version that lives as long as the test run. Raises Absent.

    It is up and nothing in it stands still, whatever the last test did to it.
    """
    if version not in _clusters:
        stack = ExitStack()
        _clusters[version] = stack.enter_context(postgres_cluster(version, durable=True))
        stack.callback(_clusters.pop, version)
        config.add_cleanup(stack.close)
    cluster = _clusters[version]
    cluster.thaw()
    if not cluster.is_up:
        cluster.start_again()
    cluster.wait_until_ready()
    return cluster


def fresh_database(cluster: Cluster) -> str:
    """Make an empty database and return its name, which no other test run has either."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    return name


@pytest.fixture(scope="session", params=each_version(), ids=name_of)
def postgres_version(request: pytest.FixtureRequest) -> str:
    """Give each version that this machine has."""
    version: str | None = request.param
    if version is None:
        with skipped_when_absent():
            postgres_binaries()
    assert version is not None
    return version


@pytest.fixture
def postgres(request: pytest.FixtureRequest, postgres_version: str) -> Cluster:
    """Give the test run's durable server, of each version in turn; a test may strike it."""
    with skipped_when_absent():
        return lasting_cluster(request.config, postgres_version)


@pytest.fixture
def database(postgres: Cluster) -> Iterator[str]:
    """Give the name of an empty database of its own on ``postgres``."""
    name = fresh_database(postgres)
    yield name
    if not postgres.is_up:
        postgres.start_again()
    postgres.wait_until_ready()
    postgres.drop_database(name)


@pytest.fixture
def proxy(postgres: Cluster) -> Iterator[Proxy]:
    """Give a network of its own to ``postgres``."""
    with proxy_to(postgres.port) as made:
        yield made
