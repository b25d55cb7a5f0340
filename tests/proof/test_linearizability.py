"""Each SKU is linearizable, over HTTP, with clients that come back after the server was killed."""

import asyncio
import random

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.history import History

_ATTEMPTS = 20
_SIZES = [
    (80, 1),
    pytest.param(500, 4, marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
]


@pytest.mark.parametrize(("operations", "kills"), _SIZES)
def test_one_order_of_all_calls_explains_what_every_client_saw(
    make_server: Fleet, figures: Figures, operations: int, kills: int
) -> None:
    server = make_server()
    server.start()
    history = History(
        server,
        skus=tuple(f"sku-{number}" for number in range(4)),
        clients=16,
        operations=operations,
        dice=random.Random(operations),
    )
    asyncio.run(history.record(kills))
    assert history.done == 16 * operations
    assert history.violations() == []
    figures.add(
        "each SKU is linearizable",
        f"16 clients × {operations} operations on 4 SKUs, {kills} kills",
        f"{history.done} operations, {history.unknown} of unknown outcome, violations 0",
    )


def test_the_proof_catches_a_read_of_what_is_not_durable(
    make_server: Fleet, figures: Figures
) -> None:
    server = make_server(tooth="undurable-read")
    server.start()
    dice = random.Random(5)
    violations: list[str] = []
    for number in range(_ATTEMPTS):  # somebody must read just before a kill
        history = History(server, (f"hot-{number}",), clients=16, operations=40, dice=dice)
        asyncio.run(history.record(kills=2))
        violations = history.violations()
        if violations:
            break
    assert violations
    figures.add("tooth: a read of undurable state", "2 kills, one SKU", violations[0])
