"""The application over each engine, with a clock that stands still."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest
from blockbuster import BlockBuster

from surestock.inventory.central import Central
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Engine
from tests.api.centrals import AbsentCentral, CrowdedCentral, TroubledCentral
from tests.api.desk import Api
from tests.api.engines import engine_names, in_memory, open_engine
from tests.api.keys import FakeKeys
from tests.api.till import Till, open_till
from tests.engine import on_postgres

Opened: TypeAlias = tuple[Engine, Central]

_CATALOG: dict[str, tuple[str, int, str, bool]] = {
    "phone": ("device", 49900, "EUR", True),
    "plan": ("plan", 1999, "EUR", False),
    "roaming": ("addon", 500, "USD", False),
}


@pytest.fixture(scope="session", autouse=True)
def servers(request: pytest.FixtureRequest) -> None:
    """Let there be the servers that engines stand on."""
    on_postgres.provide(request.config)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that goes through an engine once for each engine."""
    if "engine_name" in metafunc.fixturenames:
        metafunc.parametrize("engine_name", engine_names(metafunc.module))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def opened(
    engine_name: str,
    tmp_path: Path,
    clock: ManualClock,
    no_blocking_calls: BlockBuster,  # noqa: ARG001 - asked for, so that it watches
) -> AsyncIterator[Opened]:
    """An engine that must never block the event loop, and its central view."""
    async with open_engine(engine_name, tmp_path / "data", clock) as made:
        yield made


@pytest.fixture
async def api(opened: Opened, clock: ManualClock) -> AsyncIterator[Api]:
    engine, central = opened
    built = Api(engine, clock, central)
    async with built.client:
        yield built


async def served_with(central: Central) -> AsyncIterator[Api]:
    clock = ManualClock()
    built = Api(in_memory(clock), clock, central)
    async with built.client:
        yield built


@pytest.fixture
async def troubled() -> AsyncIterator[Api]:
    async for built in served_with(TroubledCentral()):
        yield built


@pytest.fixture
def many_letters() -> CrowdedCentral:
    return CrowdedCentral()


@pytest.fixture
async def crowded(many_letters: CrowdedCentral) -> AsyncIterator[Api]:
    async for built in served_with(many_letters):
        yield built


@pytest.fixture
async def absent() -> AsyncIterator[Api]:
    async for built in served_with(AbsentCentral()):
        yield built


@pytest.fixture
def keys() -> FakeKeys:
    return FakeKeys()


@pytest.fixture
async def guarded(opened: Opened, clock: ManualClock, keys: FakeKeys) -> AsyncIterator[Api]:
    engine, central = opened
    built = Api(engine, clock, central, keys=keys)
    async with built.client:
        yield built


@pytest.fixture
async def till(opened: Opened, clock: ManualClock) -> AsyncIterator[Till]:
    async with open_till(*opened, clock) as made:
        yield made


@pytest.fixture
async def shop(api: Api) -> Api:
    """A catalog of a phone, a plan, and an add-on that is sold in another currency."""
    for sku, (kind, price, currency, stocked) in _CATALOG.items():
        body = {
            "name": sku.title(),
            "type": kind,
            "unitPrice": price,
            "currency": currency,
            "stocked": stocked,
        }
        assert (await api.put(f"/catalog/{sku}", body)).status_code == 201
    return api
