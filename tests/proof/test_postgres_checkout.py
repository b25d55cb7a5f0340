"""One cart, bought at three processes on PostgreSQL at once while the answer is lost: one order."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.blows import SETTLES_S, Blow, Blows
from tests.proof.double_click import DoubleClick, doubles, until_doubled
from tests.proof.figures import Figures
from tests.proof.hesitant import Placing
from tests.proof.shop import Shop
from tests.stand_in.stand_in import StandIn

_COUNTS = [3, pytest.param(36, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[StandIn]:
    """Return a platform that soon knows what became of an order."""
    made = StandIn(tmp_path, settles_s=SETTLES_S, patience_s=4.0)
    yield made
    made.end()


async def _begin(
    shop: Shop, platform: StandIn, folder: Path, tooth: str | None = None
) -> DoubleClick:
    """Start three processes, without a worker."""
    placing = Placing(folder, platform.settings)
    several = shop.several(random.Random(3), 3, (tooth,) * 3, **placing.settings)
    await asyncio.to_thread(several.begin)
    clicks = DoubleClick(several, Blows(several, platform, placing))
    await clicks.open()
    return clicks


@pytest.mark.parametrize("rounds", _COUNTS)
async def test_a_cart_bought_at_three_processes_at_once_is_ordered_once(
    shop: Shop, platform: StandIn, tmp_path: Path, figures: Figures, rounds: int
) -> None:
    clicks = await _begin(shop, platform, tmp_path)
    for number in range(rounds):
        await clicks.play(number)
    books = await platform.books()
    assert doubles(books) == 0
    assert clicks.wrong == []
    assert sum(map(len, books.orders.values())) == rounds
    assert max(books.asked.values()) == 1
    assert await clicks.lost() == [0, 0, 0]
    assert await asyncio.to_thread(clicks.several.end) == [0, 0, 0]
    await asyncio.to_thread(shop.require_sound)
    figures.add(
        "a checkout places at most one order, and always ends or shows unknown",
        f"PostgreSQL: 9 clicks on one cart at 3 processes, the answer lost, {rounds} rounds; who "
        f"places: {_listed(clicks.blows.struck)}",
        f"orders per checkout: {rounds} carts, {rounds} orders, doubled 0, open 0, stock lost 0; "
        f"attempts {len(clicks.blows.placing.attempts())}, asked for {len(books.asked)}; "
        f"at first: {_listed(clicks.first)}",
    )


@pytest.mark.parametrize(
    ("tooth", "blow"),
    [("everybodys-database-turn", "pause before"), ("no-announcement", "kill after")],
    ids=["everybodys-database-turn", "no-announcement"],
)
async def test_the_proof_catches_a_second_order(
    newest_shop: Shop,
    platform: StandIn,
    tmp_path: Path,
    figures: Figures,
    tooth: str,
    blow: Blow,
) -> None:
    clicks = await _begin(newest_shop, platform, tmp_path, tooth)
    doubled = await until_doubled(clicks, blow)
    assert doubled > 0, clicks.wrong
    assert clicks.wrong
    figures.add(f"tooth: {tooth}", "9 clicks on one cart at 3 processes", f"doubled {doubled}")


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counted.items()))
