"""The engines under the contract suite, one after the other, and a desk in front of each."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster

from surestock.kit.clock import ManualClock
from tests.engine import on_postgres
from tests.engine.desk import Desk
from tests.engine.engines import ENGINES


@pytest.fixture(scope="session", autouse=True)
def servers(request: pytest.FixtureRequest) -> None:
    """Let there be the servers that engines stand on."""
    on_postgres.provide(request.config)


@pytest.fixture
async def desk(
    engine_name: str, tmp_path: Path, no_blocking_calls: BlockBuster
) -> AsyncIterator[Desk]:
    """A started engine with a clock that stands still, which must never block the event loop."""
    del no_blocking_calls
    clock = ManualClock()
    engine = ENGINES[engine_name](tmp_path, clock)
    await engine.start()
    yield Desk(engine, clock)
    await engine.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that asks for an engine once for each engine."""
    if "engine_name" in metafunc.fixturenames:
        metafunc.parametrize("engine_name", list(ENGINES))
