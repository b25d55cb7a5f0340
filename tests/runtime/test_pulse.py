"""The pulse tells how late the event loop is, and how long ago the last beat was."""

import pytest

from surestock.kit.clock import ManualClock
from surestock.runtime.pulse import EVERY_S, pulse
from surestock.telemetry.metrics import Metrics


class Over(Exception):
    """The test has seen enough."""


async def test_each_beat_tells_how_long_it_took_and_how_late_it_was() -> None:
    clock = ManualClock()
    metrics = Metrics()
    late_s = [0.0, 2.0, 0.0]
    waited_s: list[float] = []
    elapsed_s: list[float] = []

    async def sleep(seconds: float) -> None:
        if not late_s:
            raise Over
        waited_s.append(seconds)
        clock.advance(seconds + late_s.pop(0))

    with pytest.raises(Over):
        await pulse(metrics, clock.monotonic, elapsed_s.append, sleep)
    assert waited_s == [EVERY_S] * 3
    assert elapsed_s == [EVERY_S, EVERY_S + 2, EVERY_S]
    assert metrics.loop_lag_s.total == 2.0


async def test_a_clock_that_is_coarser_than_sleep_makes_no_beat_early() -> None:
    clock = ManualClock()
    metrics = Metrics()
    beats: list[float] = []

    async def sleep(seconds: float) -> None:
        if len(beats) == 2:
            raise Over
        clock.advance(seconds / 2)

    with pytest.raises(Over):
        await pulse(metrics, clock.monotonic, beats.append, sleep)
    assert metrics.loop_lag_s.total == 0.0
