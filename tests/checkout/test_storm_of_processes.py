"""Seeded schedules of users at three processes that die and stand still: what holds after each."""

import pytest

from tests.checkout.row import MakeLocks
from tests.checkout.schedules import play_all
from tests.checkout.test_gates import has_leases, has_no_locks
from tests.checkout.weather import STANDING

SCHEDULES = 60


def test_any_schedule_of_processes_places_one_order_a_cart_and_loses_nothing() -> None:
    print(play_all(range(SCHEDULES)))


@pytest.mark.parametrize("make_locks", [has_no_locks, has_leases])
def test_turns_that_are_not_kept_over_processes_are_caught(make_locks: MakeLocks) -> None:
    with pytest.raises(AssertionError):
        play_all(range(4 * SCHEDULES), make_locks, STANDING)
