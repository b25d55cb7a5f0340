"""A fake of the platform for every test, by itself or behind a proxy that checks what is said."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.commerce.salesforce.fake.server import Fake, FakeServer, serving
from tests.commerce.salesforce.lab import SalesforceLab
from tests.commerce.salesforce.prism import checking
from tests.real.absent import skipped_when_absent


@pytest.fixture(scope="session")
def server() -> Iterator[FakeServer]:
    with serving() as server:
        yield server


@pytest.fixture
def fake(server: FakeServer) -> Fake:
    """A platform on which nothing has happened yet."""
    server.fake = Fake()
    return server.fake


@pytest.fixture(scope="session")
def prism_url(server: FakeServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where Prism's validating proxy stands before the fake."""
    folder = tmp_path_factory.mktemp("salesforce")
    with skipped_when_absent(), checking(server.url, folder) as (_, url):
        yield url


@pytest.fixture
async def lab(fake: Fake, server: FakeServer) -> AsyncIterator[SalesforceLab]:
    """The provider right before the fake."""
    lab = SalesforceLab(fake, server.url)
    yield lab
    await lab.aclose()


@pytest.fixture
async def checked_lab(fake: Fake, prism_url: str) -> AsyncIterator[SalesforceLab]:
    """The provider and the fake with Prism between them."""
    lab = SalesforceLab(fake, prism_url)
    yield lab
    await lab.aclose()
