"""Seeded schedules of users, faults, restarts and clients that hang up: what holds after each."""

from collections.abc import Callable

import pytest

from tests.checkout.broken import BROKEN_IN_A_CROWD
from tests.checkout.storm import Books, storm
from tests.mirror.shop import on_virtual_time

SCHEDULES = 150
MANY = 3_000


def play(seed: int, users: int, operations: int) -> tuple[int, Books]:
    """Play a schedule in a time of its own."""
    return on_virtual_time(lambda: storm(seed, users, operations))


def play_all(seeds: range) -> str:
    """Play small schedules; return the figures."""
    orders = restarts = checkouts = 0
    for seed in seeds:
        placed, books = play(seed, 4, 12)
        orders += placed
        restarts += books.restarts
        checkouts += books.checkouts
    assert orders > len(seeds)
    assert restarts > len(seeds)
    return (
        f"{len(seeds)} schedules: {checkouts} checkouts asked for, {orders} orders, "
        f"{restarts} restarts; doubled 0, lost 0"
    )


def test_any_schedule_places_one_order_a_cart_and_loses_nothing() -> None:
    print(play_all(range(SCHEDULES)))


@pytest.mark.prove
def test_many_schedules_place_one_order_a_cart_and_lose_nothing() -> None:
    print(play_all(range(SCHEDULES, SCHEDULES + MANY)))


@pytest.mark.prove
def test_two_hundred_users_buy_at_a_platform_that_fails_and_lose_nothing() -> None:
    orders, books = play(1, 200, 50)
    assert orders > 200
    print(f"200 users: {books.checkouts} checkouts asked for, {orders} orders; doubled 0, lost 0")


@pytest.mark.parametrize("breaks", BROKEN_IN_A_CROWD, ids=lambda breaks: breaks.__name__)
def test_a_desk_that_is_written_the_easy_way_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        play_all(range(SCHEDULES))
