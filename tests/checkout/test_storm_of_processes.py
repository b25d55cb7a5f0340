"""Seeded schedules of users at three processes that die and stand still: what holds after each."""

import pytest

from tests.checkout.row import MakeLocks, session_locks
from tests.checkout.schedules import play_all
from tests.checkout.test_gates import has_leases, has_no_locks
from tests.checkout.weather import LOSSY, STANDING
from tests.mirror.kernel import Kernel, KernelLocks, TrustingLocks
from tests.mirror.shop import LoopClock

SCHEDULES = 60

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


def test_any_schedule_of_processes_places_one_order_a_cart_and_loses_nothing() -> None:
    print(play_all(range(SCHEDULES)))


@pytest.mark.parametrize("make_locks", [has_no_locks, has_leases])
def test_turns_that_are_not_kept_over_processes_are_caught(make_locks: MakeLocks) -> None:
    with pytest.raises(AssertionError):
        play_all(range(4 * SCHEDULES), make_locks, STANDING)


def test_turns_that_are_lost_under_way_cost_no_second_order() -> None:
    print(play_all(range(SCHEDULES), session_locks, LOSSY))


def has_trust(kernel: Kernel, _: LoopClock) -> KernelLocks:
    """Let everybody be sure of a turn that may be lost."""
    return TrustingLocks(kernel)


def test_turns_that_may_be_lost_and_of_which_nobody_makes_sure_are_caught() -> None:
    with pytest.raises(AssertionError):
        play_all(range(4 * SCHEDULES), has_trust, LOSSY)
