"""Seeded schedules of users, faults, restarts and clients that hang up: what holds after each."""

from collections.abc import Callable

import pytest

from tests.checkout.broken import BROKEN_IN_A_CROWD
from tests.checkout.storm import play_all

SCHEDULES = 150

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


def test_any_schedule_places_one_order_a_cart_and_loses_nothing() -> None:
    print(play_all(range(SCHEDULES)))


@pytest.mark.parametrize("breaks", BROKEN_IN_A_CROWD, ids=lambda breaks: breaks.__name__)
def test_a_desk_that_is_written_the_easy_way_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        play_all(range(SCHEDULES))
