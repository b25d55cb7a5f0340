"""The application over the engine in memory, with a clock that stands still."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from blockbuster import BlockBuster

from surestock.engine.memory import MemoryEngine
from surestock.engine.memory.central import MemoryCentral
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from tests.api.centrals import AbsentCentral, CrowdedCentral, TroubledCentral
from tests.api.desk import Api
from tests.api.keys import FakeKeys
from tests.api.till import Till, open_till

_CATALOG: dict[str, tuple[str, int, str, bool]] = {
    "phone": ("device", 49900, "EUR", True),
    "plan": ("plan", 1999, "EUR", False),
    "roaming": ("addon", 500, "USD", False),
}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def api(
    clock: ManualClock,
    no_blocking_calls: BlockBuster,  # noqa: ARG001 - asked for, so that it watches
) -> AsyncIterator[Api]:
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    built = Api(engine, clock)
    async with built.client:
        yield built


async def served_with(central: MemoryCentral) -> AsyncIterator[Api]:
    clock = ManualClock()
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    built = Api(engine, clock, central)
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
async def guarded(clock: ManualClock, keys: FakeKeys) -> AsyncIterator[Api]:
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    built = Api(engine, clock, keys=keys)
    async with built.client:
        yield built


@pytest.fixture
async def till(
    clock: ManualClock,
    no_blocking_calls: BlockBuster,  # noqa: ARG001 - asked for, so that it watches
) -> AsyncIterator[Till]:
    async with open_till(clock) as opened:
        yield opened


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
