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


@pytest.fixture
async def lab(shop: Shop) -> AsyncIterator[MedusaLab]:
    """The provider before the shop, with every key of it."""
    async with breakable(shop.url) as wire:
        lab = MedusaLab(shop, wire)
        yield lab
        await lab.aclose()


@pytest.fixture(params=[True, False], ids=["with-secret-key", "without-secret-key"])
def either_lab(lab: MedusaLab, request: pytest.FixtureRequest) -> MedusaLab:
    """The same, but it may not always look at the shop's orders: they are found in two ways."""
    if not request.param:
        lab.give_up_secret_key()
    return lab


@pytest.fixture
async def canned() -> AsyncIterator[Canned]:
    """A Medusa that says what it is told to say."""
    async with canned_medusa() as canned:
        yield canned
