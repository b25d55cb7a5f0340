"""Each SKU is linearizable over processes on PostgreSQL; they and its own are killed."""

import asyncio
import random
from dataclasses import dataclass
from typing import cast

import pytest

from tests.proof.figures import Figures
from tests.proof.server import Server
from tests.proof.several import Several
from tests.proof.shop import Shop
from tests.proof.test_several_linearizability import WideHistory

_CLIENTS = 24
_ATTEMPTS = 40
_SIZES = [
    (30, 2),
    pytest.param(300, 20, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
]


@dataclass
class Struck:
    """Processes that are struck by turns: one of theirs, or one of the database's.

    ``processes`` and ``backends`` count the kills.
    """

    several: Several
    shop: Shop
    processes: int = 0
    backends: int = 0

    @property
    def port(self) -> int:
        """The port of one of them, of another one each time."""
        return self.several.port

    def kill(self) -> None:
        """SIGKILL a process of either."""
        if self.processes > self.backends and self.shop.try_kill_backend(self.several.dice):
            self.backends += 1
        else:
            self.processes += 1
            self.several.kill()

    def start(self) -> None:
        """Start what was killed."""
        self.several.start()


@pytest.mark.parametrize(("operations", "kills"), _SIZES)
def test_one_order_of_all_calls_explains_what_clients_saw_of_three_processes(
    shop: Shop, figures: Figures, operations: int, kills: int
) -> None:
    dice = random.Random(operations)
    several = shop.several(dice)
    several.begin()
    struck = Struck(several, shop)
    skus = tuple(f"sku-{number}" for number in range(8))
    history = WideHistory(cast("Server", struck), skus, _CLIENTS, operations, dice)

    async def record() -> None:
        async with asyncio.timeout(300 + operations):
            await history.record(kills)

    asyncio.run(record())
    assert history.done == _CLIENTS * operations
    assert history.violations() == []
    assert several.end() == [0] * 3
    shop.require_sound()
    figures.add(
        "each SKU is linearizable over several processes",
        f"PostgreSQL: {_CLIENTS} clients × {operations} operations on 8 SKUs, at any of 3 "
        f"processes; kill -9 of a process {struck.processes}, of a backend {struck.backends}",
        f"{history.done:,} operations, {history.unknown} of unknown outcome, violations 0",
    )


def test_the_proof_catches_a_read_that_a_process_remembers(
    newest_shop: Shop, figures: Figures
) -> None:
    dice = random.Random(5)
    several = newest_shop.several(dice, 2, ("cached-reads",))
    several.begin()
    violations: list[str] = []
    for number in range(_ATTEMPTS):
        history = WideHistory(cast("Server", several), (f"hot-{number}",), _CLIENTS, 40, dice)
        asyncio.run(history.record(0))
        violations = history.violations()
        if violations:
            break
    assert violations
    figures.add("tooth: cached-reads", "1 of 2 processes, one SKU", violations[0])
