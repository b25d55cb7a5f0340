"""A checkout in the process itself: at every point, and in thousands of schedules."""

import pytest

from tests.checkout.campaign import STORIES, MemoryPlace, at_every_point
from tests.checkout.points import What
from tests.checkout.storm import play, play_all
from tests.proof.figures import Figures

_PROMISE = "a checkout places at most one order, and always ends or shows unknown"
_KINDS: tuple[What, ...] = ("dies", "read_only", "stops")


async def test_whatever_happens_at_whichever_point_there_is_one_order(figures: Figures) -> None:
    points = 0
    for story in STORIES:
        for what in _KINDS:
            points += await at_every_point(MemoryPlace, story, what)
    figures.add(
        _PROMISE,
        f"{len(STORIES)} stories; the process dies, is stopped or cannot record at each point",
        f"{points} points, doubled 0, open 0, stock lost 0",
    )


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_thousands_of_schedules_place_one_order_a_cart_and_lose_nothing(figures: Figures) -> None:
    told = play_all(range(1_000, 4_000))
    figures.add(_PROMISE, "users, a failing platform, a full disk and restarts, by seeds", told)


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_two_hundred_users_buy_at_a_platform_that_fails_and_lose_nothing(figures: Figures) -> None:
    orders, books = play(1, 200, 50)
    assert orders > 200
    figures.add(
        "local carts are the platform's, and no operation is lost",
        "200 users, 50 operations each, checkouts among them, at a platform that fails",
        f"{books.checkouts} checkouts asked for, {orders} orders; doubled 0, lost 0",
    )
