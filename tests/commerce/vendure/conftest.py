"""One PostgreSQL and one shop for all tests of this folder; a provider for each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.commerce.vendure.bench import VendureLab
from tests.commerce.vendure.script import Script
from tests.commerce.vendure.shop import Shop, running_shop
from tests.real.absent import skipped_when_absent
from tests.real.postgres import Cluster, postgres_cluster


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with skipped_when_absent(), postgres_cluster() as made:
        yield made


@pytest.fixture(scope="session")
def shop(cluster: Cluster) -> Iterator[Shop]:
    with skipped_when_absent(), running_shop(cluster) as made:
        yield made


@pytest.fixture
async def lab(shop: Shop) -> AsyncIterator[VendureLab]:
    """Give a bench with the shop on it; its providers are closed after."""
    made = VendureLab(shop)
    yield made
    await made.aclose()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    """Give a platform that answers as it is told: nothing, so far."""
    return Script(monkeypatch)
