"""The lag of the event loop is how late a sleeper wakes up, and never less than nothing."""

import pytest

from surestock.kit.clock import ManualClock
from surestock.telemetry.histogram import Histogram
from surestock.telemetry.loop_lag import watch_loop_lag


async def observed(*slept_s: float) -> Histogram:
    """Return what is observed when each sleep takes so long."""
    clock, histogram, takes = ManualClock(), Histogram(0.01, 1), list(slept_s)

    async def sleep(_: float) -> None:
        if not takes:
            raise StopAsyncIteration
        clock.advance(takes.pop(0))

    with pytest.raises(StopAsyncIteration):
        await watch_loop_lag(histogram, clock.monotonic, sleep)
    return histogram


async def test_a_loop_that_was_blocked_is_late() -> None:
    lag = await observed(0.1, 0.6, 0.1)
    assert lag.buckets() == [("0.01", 2), ("1", 3), ("+Inf", 3)]
    assert lag.total == pytest.approx(0.5)


async def test_a_sleep_that_ends_early_is_not_a_lag() -> None:
    assert (await observed(0.05)).total == 0
