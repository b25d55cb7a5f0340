"""A shop with something of everything, and a database with empty tables."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.kit import failpoints
from surestock.kit.clock import ManualClock
from tests.cli.kept import Shop
from tests.real.fixtures import database, postgres, postgres_version
from tests.real.postgres import Cluster
from tests.runtime.moving.premises import Premises, again, furnished, migrated

__all__ = ["database", "postgres", "postgres_version"]


@pytest.fixture(scope="session")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return furnished(tmp_path_factory.mktemp("once") / "data")


@pytest.fixture
def shop(_once: Shop, tmp_path: Path) -> Shop:
    """A furnished shop, to be changed."""
    shutil.copytree(_once.data_dir, tmp_path / "data")
    copied = again(_once, tmp_path / "data")
    copied.clock = ManualClock(_once.clock.now())
    return copied


@pytest.fixture
async def premises(postgres: Cluster, database: str, shop: Shop, tmp_path: Path) -> Premises:
    """That shop, and where to move it."""
    url = postgres.url(database)
    await migrated(url)
    return Premises(shop, url, tmp_path / "back")


@pytest.fixture(autouse=True)
def _nothing_stays_armed() -> Iterator[None]:
    yield
    failpoints.disarm_all()
