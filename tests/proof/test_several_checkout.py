"""One cart, bought at three processes at once while the answer is lost: it is ordered once."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.blows import SETTLES_S, Blow, Blows
from tests.proof.double_click import DoubleClick, doubles, until_doubled
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.hesitant import Placing
from tests.proof.several import Several
from tests.stand_in.stand_in import StandIn

_PROMISE = "a checkout places at most one order, and always ends or shows unknown"
_QUICK = 6
_COUNTS = [_QUICK, pytest.param(50, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[StandIn]:
    """Return a platform that soon knows what became of an order."""
    made = StandIn(tmp_path, settles_s=SETTLES_S, patience_s=4.0)
    yield made
    made.end()


async def _begin(
    make_server: Fleet, platform: StandIn, folder: Path, tooth: str | None = None
) -> DoubleClick:
    """Start three processes, without a worker; their leases are over sooner than a pause is."""
    placing = Placing(folder, platform.settings)
    leases = {"LOCK_TTL_MS": "400", "LOCK_RENEW_MS": "200"}
    several = Several(make_server, random.Random(3), 3, (tooth,) * 3, **placing.settings, **leases)
    await asyncio.to_thread(several.begin)
    clicks = DoubleClick(several, Blows(several, platform, placing))
    await clicks.open()
    return clicks


@pytest.mark.parametrize("rounds", _COUNTS)
async def test_a_cart_bought_at_three_processes_at_once_is_ordered_once(
    make_server: Fleet, platform: StandIn, tmp_path: Path, figures: Figures, rounds: int
) -> None:
    clicks = await _begin(make_server, platform, tmp_path)
    for number in range(rounds):
        await clicks.play(number)
    books = await platform.books()
    assert doubles(books) == 0
    assert clicks.wrong == []
    assert sum(map(len, books.orders.values())) == rounds
    assert max(books.asked.values()) == 1
    assert await clicks.lost() == [0, 0, 0]
    assert await asyncio.to_thread(clicks.several.end) == [0, 0, 0]
    figures.add(
        _PROMISE,
        f"9 clicks on one cart at 3 processes, the answer lost, {rounds} rounds; who places: "
        + _listed(clicks.blows.struck),
        f"orders per checkout: {rounds} carts, {rounds} orders, doubled 0, open 0, stock lost 0; "
        f"attempts {len(clicks.blows.placing.attempts())}, asked for {len(books.asked)}; "
        f"at first: {_listed(clicks.first)}",
    )


@pytest.mark.parametrize(
    ("tooth", "blow"),
    [("everybodys-turn", "pause before"), ("no-announcement", "kill after")],
    ids=["everybodys-turn", "no-announcement"],
)
async def test_the_proof_catches_a_second_order(
    make_server: Fleet,
    platform: StandIn,
    tmp_path: Path,
    figures: Figures,
    tooth: str,
    blow: Blow,
) -> None:
    clicks = await _begin(make_server, platform, tmp_path, tooth)
    doubled = await until_doubled(clicks, blow)
    assert doubled > 0, clicks.wrong
    assert clicks.wrong
    figures.add(f"tooth: {tooth}", "9 clicks on one cart at 3 processes", f"doubled {doubled}")


async def test_the_proof_catches_a_key_that_is_not_known_everywhere(
    make_server: Fleet, platform: StandIn, tmp_path: Path, figures: Figures
) -> None:
    clicks = await _begin(make_server, platform, tmp_path, "own-keys-only")
    await clicks.play(0)
    assert clicks.wrong == []
    await clicks.play(3)
    assert clicks.wrong
    figures.add(
        "tooth: own-keys-only",
        "keys of a cart that was bought, sent again with the next one",
        f"answered otherwise or anew {len(clicks.wrong)}",
    )


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{what} {count}" for what, count in sorted(counted.items()))
