"""How fast work is done: what an honest Retry-After is made from."""

import math

_SMOOTHING = 0.5
_LONGEST_S = 60


class DrainRate:
    """Counts what is done, and how many that are a second.

    ``done`` is counted up by whoever finishes something. :meth:`sample` is to be called now and
    then; the rate is that of the last few samples, the newer the weightier.
    """

    __slots__ = ("_per_second", "_seen", "done")

    def __init__(self) -> None:
        self.done = 0
        self._seen = 0
        self._per_second = 0.0

    @property
    def per_second(self) -> float:
        """What is done in a second; 0 when nothing is."""
        return self._per_second

    def sample(self, elapsed_s: float) -> None:
        """Take note of what was done in the ``elapsed_s`` seconds since the last time."""
        if elapsed_s <= 0:
            return
        rate = (self.done - self._seen) / elapsed_s
        self._seen = self.done
        self._per_second += _SMOOTHING * (rate - self._per_second)

    def seconds_for(self, waiting: int) -> float:
        """Return how long ``waiting`` things will take; infinity when nothing moves."""
        if not waiting:
            return 0.0
        return waiting / self._per_second if self._per_second > 0 else math.inf

    def retry_after_s(self, waiting: int) -> int:
        """Return in how many whole seconds, 1 to 60, what waits now will be done."""
        return max(1, math.ceil(min(_LONGEST_S, self.seconds_for(waiting))))
