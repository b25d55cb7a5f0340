"""A tick costs as much as its changes, however many SKUs there are.

Figure: the CPU time of 1,000 changes among 1,000,000 SKUs, over that among 1,000.
"""

import gc
import random
import time
from collections.abc import Iterator
from statistics import median

import msgspec
import pytest

from surestock.inventory.model import Level
from surestock.sync.errors import FoldError
from surestock.sync.view import CentralView
from tests.sync.fold.paper import START, Memory

CHANGES = 1000
ROUNDS = 40


def cannot_be_read(sequence: int) -> bytes:
    raise FoldError(f"nobody should ask for record {sequence}")


def view_of(skus: int) -> CentralView:
    view = CentralView(Memory(), cannot_be_read, lambda: START)
    view.seed(1, (Level("west", f"sku-{n:07d}", 100, 0, 1, START) for n in range(skus)))
    return view


def ticks(skus: int) -> Iterator[bytes]:
    """Yield records of 1,000 changes at random SKUs, over and over."""
    chance = random.Random(5)
    versions: dict[int, int] = {}
    sequence = 1
    while True:
        records = []
        for _ in range(CHANGES):
            number, sequence = chance.randrange(skus), sequence + 1
            versions[number] = versions.get(number, 1) + 1
            level = Level("west", f"sku-{number:07d}", 100, 1, versions[number], START)
            records.append({"sequence": sequence, "id": f"boot-{sequence}", "levels": [level]})
        yield msgspec.json.encode(records)


@pytest.mark.prove
def test_a_tick_among_a_million_skus_costs_less_than_twice_that_among_a_thousand() -> None:
    views = {skus: (view_of(skus), ticks(skus)) for skus in (1_000, 1_000_000)}
    took: dict[int, list[float]] = {skus: [] for skus in views}
    gc.collect()
    gc.freeze()
    try:
        for _ in range(ROUNDS):
            for skus, (view, work) in views.items():
                tick = next(work)
                before = time.process_time()
                assert view.apply(tick) == CHANGES
                took[skus].append(time.process_time() - before)
    finally:
        gc.unfreeze()
    assert all(view.open_letters == 0 for view, _ in views.values())
    few, many = (median(times) for times in took.values())
    print(
        f"central view: {CHANGES / few:,.0f} records/s among 1,000 SKUs, {CHANGES / many:,.0f} "
        f"among 1,000,000; CPU ratio {many / few:.2f}"
    )
    assert many / few < 2
