"""A circuit breaker: what has failed several times running is left alone for a while.

Closed, it only counts failures in a row. Open, nothing is let through until the cooldown is over;
then one probe is (half open), and its end decides. Source of the three states: M. Nygard, "Release
It!", 2007, chapter "Stability Patterns".
"""

import math
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct


class BreakerState(StrEnum):
    """Whether calls are let through."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class BreakerConfig(Struct, frozen=True):
    """``threshold`` failures in a row open it; ``cooldown_s`` seconds later a probe may be sent."""

    threshold: int = 5
    cooldown_s: float = 5.0


def _nobody(_: BreakerState) -> None:
    """Tell nobody."""


class CircuitBreaker:
    """One thread uses it. ``changed`` is called with each new state, after it holds.

    ``state`` may be read at any time, and is set here only. ``openings`` counts how often it
    opened.
    """

    def __init__(
        self,
        config: BreakerConfig,
        monotonic: Callable[[], float],
        changed: Callable[[BreakerState], None] = _nobody,
    ) -> None:
        self._config = config
        self._monotonic = monotonic
        self._changed = changed
        self._failures = 0
        self._opened_at = 0.0
        self.state = BreakerState.CLOSED
        self.openings = 0

    def succeeded(self) -> None:
        """Take note that a call or a probe succeeded: it closes."""
        self._failures = 0
        if self.state is not BreakerState.CLOSED:
            self._become(BreakerState.CLOSED)

    def failed(self) -> None:
        """Take note of a failure. A failed probe opens it again, for a whole cooldown."""
        self._failures += 1
        if self.state is BreakerState.OPEN:
            return  # a call that was under way already
        if self.state is BreakerState.HALF_OPEN or self._failures >= self._config.threshold:
            self._opened_at = self._monotonic()
            self.openings += 1
            self._become(BreakerState.OPEN)

    def try_probe(self) -> bool:
        """Return whether the caller may send the one probe, whose end it then has to report."""
        if self.state is not BreakerState.OPEN or self._left_s() > 0:
            return False
        self._become(BreakerState.HALF_OPEN)
        return True

    def retry_after_s(self) -> int:
        """Return whole seconds, at least 1, until it may let something through again."""
        if self.state is not BreakerState.OPEN:
            return 1
        return max(1, math.ceil(self._left_s()))

    def _left_s(self) -> float:
        return self._opened_at + self._config.cooldown_s - self._monotonic()

    def _become(self, state: BreakerState) -> None:
        self.state = state
        self._changed(state)
