"""One shop for all tests that are about the real Medusa: it takes a while to start."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.commerce.medusa.canned import Canned, canned_medusa
from tests.commerce.medusa.lab import MedusaLab
from tests.commerce.medusa.shop import Shop, running_shop
from tests.commerce.medusa.wire import breakable
from tests.real.absent import skipped_when_absent


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    with skipped_when_absent(), running_shop(folder) as shop:
        yield shop


@pytest.fixture(params=[True, False], ids=["with-secret-key", "without-secret-key"])
async def lab(shop: Shop, request: pytest.FixtureRequest) -> AsyncIterator[MedusaLab]:
    """The provider before the shop, which may look at the shop's orders, or may not."""
    async with breakable(shop.url) as wire:
        lab = MedusaLab(shop, wire, reads_orders=request.param)
        yield lab
        await lab.aclose()


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    """A Medusa that says what it is told to say."""
    async with canned_medusa() as canned:
        yield canned
