"""Time, as something that is handed in: wall time for what people see, monotonic for durations."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the rest of the code may know about time."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds from an arbitrary start that never runs backwards."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return ``time.monotonic()``, in seconds."""
        return time.monotonic()


class ManualClock:
    """A clock that stands still until it is moved: for tests and simulations."""

    def __init__(self, start: datetime = datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._now = start
        self._elapsed_s = 0.0

    def now(self) -> datetime:
        """Return the wall time that was set."""
        return self._now

    def monotonic(self) -> float:
        """Return the seconds that the clock was moved since it was made."""
        return self._elapsed_s

    def advance(self, seconds: float) -> None:
        """Move both clocks on by ``seconds`` (not negative)."""
        if seconds < 0:
            msg = f"a clock is moved forwards, not by {seconds} s"
            raise ValueError(msg)
        self._now += timedelta(seconds=seconds)
        self._elapsed_s += seconds
