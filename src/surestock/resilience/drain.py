"""How fast a queue gets shorter: what an honest Retry-After is made from.

Only a queue that somebody stands in tells how fast it moves. What is done in a quiet second says
how little was asked for, and an hour of rest is no reason to turn away the first crowd after it. So
the rate is taken while somebody waits, and forgotten when nobody has for a while.
"""

import math

_SMOOTHING = 0.5
_LONGEST_S = 60
_QUIET_SAMPLES = 10
"""After so many samples in which nobody waited, the rate is that of another time."""


class DrainRate:
    """Counts what is done, and how many that are a second while others wait.

    ``done`` is counted up by whoever finishes something. :meth:`sample` is to be called now and
    then, a few times a second; the rate is that of the last few samples, the newer the
    weightier. Whether somebody waits it knows from those who ask how long that will take.
    """

    __slots__ = ("_asked", "_asked_before", "_known", "_per_second", "_quiet", "_seen", "done")

    def __init__(self) -> None:
        self.done = 0
        self._seen = 0
        self._per_second = 0.0
        self._known = False
        self._asked = False
        self._asked_before = False
        self._quiet = 0

    @property
    def per_second(self) -> float:
        """What is done in a second; 0 when nothing is, or when that is not known."""
        return self._per_second

    def sample(self, elapsed_s: float) -> None:
        """Take note of what was done in the ``elapsed_s`` seconds since the last time."""
        if elapsed_s <= 0:
            return
        rate = (self.done - self._seen) / elapsed_s
        self._seen = self.done
        # Somebody waited at its beginning and at its end: so nothing stood idle in between.
        was_busy = self._asked and self._asked_before
        self._quiet = 0 if self._asked else self._quiet + 1
        self._asked_before, self._asked = self._asked, False
        if was_busy and not self._known:
            self._known = True
            self._per_second = rate
        elif was_busy or (self._known and rate > self._per_second):
            self._per_second += _SMOOTHING * (rate - self._per_second)
        elif self._quiet >= _QUIET_SAMPLES:
            self._known = False
            self._per_second = 0.0

    def seconds_for(self, waiting: int) -> float:
        """Return how long ``waiting`` things will take.

        0 when that is not known, infinity when nothing moves.
        """
        if not waiting:
            return 0.0
        self._asked = True
        if not self._known:
            return 0.0
        return waiting / self._per_second if self._per_second > 0 else math.inf

    def retry_after_s(self, waiting: int) -> int:
        """Return in how many whole seconds, 1 to 60, what waits now will be done."""
        return max(1, math.ceil(min(_LONGEST_S, self.seconds_for(waiting))))
