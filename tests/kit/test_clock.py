"""Time is handed in: wall time is aware and in UTC, durations never run backwards."""

from datetime import UTC, datetime, timedelta

import pytest

from surestock.kit.clock import Clock, ManualClock, SystemClock


@pytest.mark.parametrize("clock", [SystemClock(), ManualClock()], ids=["system", "manual"])
def test_wall_time_is_aware_and_in_utc(clock: Clock) -> None:
    assert clock.now().utcoffset() == timedelta(0)


def test_the_system_clock_tells_the_machines_time() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)


def test_the_system_clocks_monotonic_time_never_runs_backwards() -> None:
    clock = SystemClock()
    told = [clock.monotonic() for _ in range(1000)]
    assert told == sorted(told)


def test_the_manual_clock_stands_still_until_it_is_moved() -> None:
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    assert clock.now() == clock.now() == datetime(2026, 5, 1, tzinfo=UTC)
    assert clock.monotonic() == 0.0


def test_moving_the_manual_clock_moves_both_of_its_times() -> None:
    clock = ManualClock(datetime(2026, 5, 1, tzinfo=UTC))
    clock.advance(90)
    clock.advance(0.5)
    assert clock.now() == datetime(2026, 5, 1, 0, 1, 30, 500_000, tzinfo=UTC)
    assert clock.monotonic() == 90.5


def test_the_manual_clock_is_not_moved_backwards() -> None:
    clock = ManualClock()
    with pytest.raises(ValueError, match="moved forwards"):
        clock.advance(-1)
    assert clock.monotonic() == 0.0
