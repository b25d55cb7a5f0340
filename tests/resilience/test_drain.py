"""The drain rate is honest: while somebody waits it follows, and rest does not count as slowness.

A queue is simulated in steps of a tenth of a second: a server of a known speed, and a crowd that
asks how long it will take. Nothing here looks at a clock.
"""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.resilience.drain import DrainRate

STEP_S = 0.1
AN_HOUR = 36_000


def busy(rate: DrainRate, speed: float, steps: int) -> None:
    """Let so many steps pass with a queue that never gets empty."""
    for _ in range(steps):
        rate.seconds_for(100)
        rate.done += round(speed * STEP_S)
        rate.sample(STEP_S)


def quiet(rate: DrainRate, demand: float, steps: int) -> None:
    """Let so many steps pass in which nobody has to wait."""
    for _ in range(steps):
        rate.done += round(demand * STEP_S)
        rate.sample(STEP_S)


@pytest.mark.parametrize(("before", "after"), [(1000, 100), (100, 1000), (3000, 30), (30, 3000)])
def test_it_follows_a_step_within_few_samples(before: int, after: int) -> None:
    rate = DrainRate()
    busy(rate, before, 20)
    assert rate.per_second == pytest.approx(before, rel=0.01)
    busy(rate, after, 3)
    assert abs(rate.per_second - after) <= abs(before - after) / 8 + 1
    busy(rate, after, 12)
    assert rate.per_second == pytest.approx(after, rel=0.05)


def test_the_first_whole_sample_under_load_is_believed() -> None:
    rate = DrainRate()
    busy(rate, 500, 1)
    assert rate.seconds_for(5000) == 0.0, "a sample that may have begun idle tells nothing"
    busy(rate, 500, 1)
    assert rate.per_second == pytest.approx(500)
    assert rate.seconds_for(5000) == pytest.approx(10)
    assert rate.retry_after_s(5000) == 10
    assert rate.retry_after_s(5001) == 11


def rested_before_any_load(rate: DrainRate) -> None:
    quiet(rate, 0, AN_HOUR)


def rested_after_load(rate: DrainRate) -> None:
    busy(rate, 3000, 20)
    quiet(rate, 0, AN_HOUR)


def served_now_and_then(rate: DrainRate) -> None:
    busy(rate, 3000, 20)
    quiet(rate, 10, AN_HOUR)


def stood_still_and_rested(rate: DrainRate) -> None:
    busy(rate, 0, 100)
    quiet(rate, 10, AN_HOUR)


def began(rate: DrainRate) -> None:
    assert rate.per_second == 0


PASTS = [rested_before_any_load, rested_after_load, served_now_and_then, stood_still_and_rested]


@pytest.mark.parametrize("past", [began, *PASTS])
def test_no_past_makes_the_first_crowd_wait_for_what_it_does_not_know(
    past: Callable[[DrainRate], None],
) -> None:
    rate = DrainRate()
    past(rate)
    assert rate.seconds_for(1000) == 0.0
    assert rate.retry_after_s(1000) == 1
    busy(rate, 2000, 3)
    assert rate.seconds_for(1000) == pytest.approx(0.5)


def test_a_short_rest_does_not_make_it_forget_and_never_makes_it_slower() -> None:
    rate = DrainRate()
    busy(rate, 3000, 20)
    quiet(rate, 10, 5)
    assert rate.per_second == pytest.approx(3000, rel=0.01)


def test_what_is_done_while_nobody_waits_may_show_that_it_is_faster_than_known() -> None:
    rate = DrainRate()
    busy(rate, 100, 5)
    quiet(rate, 2000, 3)
    assert rate.per_second > 1500


def test_when_nothing_moves_the_wait_has_no_end_and_retry_after_still_has_one() -> None:
    rate = DrainRate()
    busy(rate, 0, 3)
    assert rate.seconds_for(1) == math.inf
    assert rate.retry_after_s(1) == 60
    busy(rate, 1000, 3)
    assert rate.retry_after_s(100) == 1, "it moves again, and says so"


def test_a_long_stall_is_over_as_soon_as_it_is_over() -> None:
    rate = DrainRate()
    busy(rate, 1000, 10)
    busy(rate, 0, AN_HOUR)
    assert rate.retry_after_s(10) == 60
    busy(rate, 1000, 2)
    assert rate.per_second >= 500


def test_nobody_waits_means_no_time() -> None:
    rate = DrainRate()
    assert rate.seconds_for(0) == 0.0
    busy(rate, 0, 5)
    assert rate.seconds_for(0) == 0.0


def test_no_time_passed_means_no_sample() -> None:
    rate = DrainRate()
    busy(rate, 1000, 5)
    rate.done += 1000
    rate.sample(0.0)
    rate.sample(-1.0)
    assert rate.per_second == pytest.approx(1000)


samples = st.tuples(
    st.integers(0, 10**6),
    st.floats(0.001, 1e6) | st.just(STEP_S),
    st.none() | st.integers(0, 10**9),
)


@given(st.lists(samples, max_size=60), st.integers(0, 10**12))
def test_retry_after_is_always_whole_seconds_from_1_to_60(
    past: list[tuple[int, float, int | None]], waiting: int
) -> None:
    rate = DrainRate()
    for done, elapsed_s, asks in past:
        rate.done += done
        if asks is not None:
            assert rate.seconds_for(asks) >= 0
        rate.sample(elapsed_s)
        assert rate.per_second >= 0
    retry_after_s = rate.retry_after_s(waiting)
    assert isinstance(retry_after_s, int)
    assert 1 <= retry_after_s <= 60


phases = st.lists(st.tuples(st.booleans(), st.integers(1, 60)), max_size=8)


@given(st.integers(20, 5000), phases, st.integers(2, 20))
def test_after_any_change_of_rest_and_crowds_a_crowd_learns_the_truth(
    speed: int, past: list[tuple[bool, int]], steps: int
) -> None:
    rate = DrainRate()
    for is_busy, lasts in past:
        if is_busy:
            busy(rate, speed, lasts)
        else:
            quiet(rate, speed / 10, lasts)
    busy(rate, speed, steps)
    assert rate.per_second == pytest.approx(speed, abs=1 / STEP_S)


class CountsRestAsSlowness(DrainRate):
    """Takes every sample for what it could do."""

    __slots__ = ()

    def sample(self, elapsed_s: float) -> None:
        self._known = self._asked = self._asked_before = True
        super().sample(elapsed_s)


@pytest.mark.parametrize("past", [rested_before_any_load, rested_after_load, served_now_and_then])
def test_a_rate_that_counts_rest_as_slowness_turns_the_first_crowd_away(
    past: Callable[[DrainRate], None],
) -> None:
    rate = CountsRestAsSlowness()
    past(rate)
    with pytest.raises(AssertionError):
        assert rate.seconds_for(1000) <= 5.0
