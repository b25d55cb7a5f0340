"""A token bucket: so many at once, so many a second after that.

Source: the "token bucket" of A. Tanenbaum, "Computer Networks", chapter on traffic shaping. Nothing
runs in between: a bucket is filled up to the present when somebody looks.

It counts in floats, so a level may be off by the rounding of one addition for each look. For a
burst of a million that is a billionth of a token a look, and one who is refused for it asks again.
"""

from msgspec import Struct


class RateLimit(Struct, frozen=True):
    """``burst`` tokens fit in, at least one, and ``per_second`` flow in, more than none."""

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        """Refuse a bucket out of which nothing ever comes. Raises ``ValueError``."""
        if not (self.per_second > 0 and self.burst >= 1):
            raise ValueError(f"{self.per_second} a second, {self.burst} at once: nothing comes out")


class TokenBucket:
    """The tokens of one client, full at ``now``. Times are in monotonic seconds."""

    __slots__ = ("_at", "_limit", "_tokens")

    def __init__(self, limit: RateLimit, now: float) -> None:
        self._limit = limit
        self._tokens = float(limit.burst)
        self._at = now

    def level(self, now: float) -> float:
        """Return how many tokens there are at ``now``; below 0 is debt."""
        if now > self._at:
            limit = self._limit
            self._tokens = min(limit.burst, self._tokens + (now - self._at) * limit.per_second)
            self._at = now
        return self._tokens

    def try_take(self, now: float) -> bool:
        """Take one token, if there is one; tell whether there was."""
        if self.level(now) < 1:
            return False
        self._tokens -= 1
        return True

    def charge(self, now: float, tokens: int) -> None:
        """Take tokens that may not be there, which makes debt. It has to be paid to the last."""
        self._tokens = self.level(now) - tokens

    def wait_s(self, now: float) -> float:
        """Return the seconds until there is a token."""
        return max(0.0, (1 - self.level(now)) / self._limit.per_second)

    def full_in_s(self, now: float) -> float:
        """Return the seconds until it is full."""
        return (self._limit.burst - self.level(now)) / self._limit.per_second
