"""kill -9 while users buy at a platform that loses answers: each cart is ordered once."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proof.buyers import ON_HAND, PHONE, Buyers
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.server import Server
from tests.stand_in.stand_in import StandIn
from tests.stand_in.terms import Behaviour, Books, Outcome

_ROUNDS = [3, pytest.param(30, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_ANSWERED_AFTER_S, _SEEN_WITHIN_S, _LOOK_EVERY_S = 8.0, 20.0, 0.02
_OUTCOMES: tuple[Outcome, ...] = ("well", "lose", "late", "well", "drop", "slow", "decline", "well")


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[StandIn]:
    """Return a platform that soon knows what became of an order."""
    made = StandIn(tmp_path, settles_s=1.0, patience_s=2.0)
    yield made
    made.end()


async def _campaign(server: Server, platform: StandIn, rounds: int) -> tuple[Buyers, Books]:
    """Let users buy while the service is killed, and then to their end; return what came of it."""
    dice = random.Random(rounds)
    await platform.behave(Behaviour(outcomes=_OUTCOMES, late_s=0.3))
    buyers = Buyers(server, users=8)
    await buyers.open()
    until = asyncio.Event()
    buying = asyncio.ensure_future(buyers.buy(until))
    for _ in range(rounds):
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
    until.set()
    await platform.behave(Behaviour())
    await buying
    return buyers, await platform.books()


def _doubles(books: Books) -> int:
    """Return how many orders are more than one for a cart."""
    carts = Counter(order.reference for orders in books.orders.values() for order in orders)
    return sum(carts.values()) - len(carts)


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_a_cart_is_ordered_once_however_often_the_service_is_killed(
    make_server: Fleet, platform: StandIn, figures: Figures, rounds: int
) -> None:
    server = make_server(settings=platform.settings)
    server.start()
    buyers, books = asyncio.run(_campaign(server, platform, rounds))
    assert _doubles(books) == 0
    sold = {order.reference: order for orders in books.orders.values() for order in orders}
    told = {each.cart_id: each.qty for each in buyers.bought}
    assert {cart_id: order.lines[PHONE] for cart_id, order in sold.items()} == told
    level = asyncio.run(buyers.level())
    assert level["onHand"] == ON_HAND - sum(told.values())
    assert level["reserved"] == 0
    server.kill()
    server.start()
    assert asyncio.run(buyers.ask_again(buyers.bought)) == 0
    figures.add(
        "a checkout places at most one order, and always ends",
        f"kill -9 under 8 buyers at a platform that loses answers, {rounds} rounds",
        f"{len(sold)} orders, {buyers.asked} requests, doubled 0, lost 0, open 0, "
        f"declined {buyers.declined}",
    )


def test_the_proof_catches_an_order_that_is_not_announced(
    make_server: Fleet, stand_in: StandIn, figures: Figures
) -> None:
    server = make_server(settings=stand_in.settings, tooth="no-announcement")
    server.start()
    doubled = asyncio.run(_until_doubled(server, stand_in))
    assert doubled > 0
    figures.add("tooth: no record before the order", "kill -9 under 8 buyers", f"doubled {doubled}")


async def _until_doubled(server: Server, platform: StandIn, rounds: int = 12) -> int:
    """Kill the service while orders are made and not answered yet; return how many came twice."""
    await platform.behave(Behaviour(outcomes=("slow",), late_s=_ANSWERED_AFTER_S))
    buyers = Buyers(server, users=8)
    await buyers.open()
    buying = asyncio.ensure_future(buyers.buy(asyncio.Event()))
    doubled = 0
    for _ in range(rounds):
        known = len((await platform.books()).orders)
        await _seen(platform, lambda books, known=known: len(books.orders) > known)  # type: ignore[misc]
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        doubled = _doubles(await _seen(platform, lambda books: _doubles(books) > 0))
        if doubled:
            break
    buying.cancel()
    await asyncio.gather(buying, return_exceptions=True)
    return doubled


async def _seen(platform: StandIn, told: Callable[[Books], bool]) -> Books:
    """Return the platform's books once they tell it, or when that has taken too long."""
    deadline = time.monotonic() + _SEEN_WITHIN_S
    books = await platform.books()
    while not told(books) and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_EVERY_S)
        books = await platform.books()
    return books
