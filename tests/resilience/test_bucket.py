"""A token bucket against exact arithmetic: whatever is asked when, it gives neither more nor less.

The reference counts in fractions, and is told only what was really taken. The broken buckets at the
end are put to the same attack.
"""

import math
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from surestock.resilience.bucket import RateLimit, TokenBucket

_ROUNDING = Fraction(1, 10**6)
_A_YEAR_S = 365 * 86400.0

limits = st.builds(
    RateLimit,
    per_second=st.floats(0.01, 10_000) | st.integers(1, 100).map(float),
    burst=st.integers(1, 10_000) | st.integers(1, 5),
)
pauses = st.sampled_from([0.0, 0.0, 1e-9, 0.1, 0.25, 1.0]) | st.floats(0, 10) | st.just(_A_YEAR_S)
charges = st.none() | st.integers(0, 20) | st.integers(0, 100_000)
steps = st.lists(st.tuples(pauses, charges), min_size=1, max_size=40)
starts = st.floats(0, _A_YEAR_S)


@dataclass
class Reference:
    """What is in the bucket, to the last fraction, and what went out of it when."""

    limit: RateLimit
    at: Fraction
    tokens: Fraction = field(init=False)
    gone: list[tuple[Fraction, int, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = Fraction(self.limit.burst)

    def advance(self, now: float) -> None:
        flown_in = (Fraction(now) - self.at) * Fraction(self.limit.per_second)
        self.tokens = min(Fraction(self.limit.burst), self.tokens + flown_in)
        self.at = Fraction(now)

    def take(self) -> None:
        self.tokens -= 1
        self.gone.append((self.at, 1, True))

    def charge(self, tokens: int) -> None:
        self.tokens -= tokens
        self.gone.append((self.at, tokens, False))

    def check_windows(self) -> None:
        """Whenever one could be taken, all that went before it had flown in by then."""
        rate = Fraction(self.limit.per_second)
        for first, (since, _, _) in enumerate(self.gone):
            together = 0
            for at, tokens, was_taken in self.gone[first:]:
                together += tokens
                most = self.limit.burst + rate * (at - since)
                assert not was_taken or together <= most + _ROUNDING, "more than there ever was"


def attack(
    kind: type[TokenBucket], limit: RateLimit, start: float, plan: list[tuple[float, int | None]]
) -> None:
    """Carry a plan out: after each pause take one token (None), or charge so many."""
    now = start
    bucket, exact = kind(limit, now), Reference(limit, Fraction(now))
    for pause, charge in plan:
        now += pause
        exact.advance(now)
        assert abs(Fraction(bucket.level(now)) - exact.tokens) < _ROUNDING
        if charge is not None:
            bucket.charge(now, charge)
            exact.charge(charge)
        elif bucket.try_take(now):
            assert exact.tokens >= 1 - _ROUNDING, "it gave what was not there"
            exact.take()
        else:
            assert exact.tokens < 1 + _ROUNDING, "it kept what was there"
        assert bucket.level(now) <= limit.burst
    exact.check_windows()


@settings(max_examples=500)
@given(limits, starts, steps)
def test_it_gives_what_exact_arithmetic_says(
    limit: RateLimit, start: float, plan: list[tuple[float, int | None]]
) -> None:
    attack(TokenBucket, limit, start, plan)


@given(limits, starts, steps)
def test_who_waits_as_long_as_it_says_gets_a_token(
    limit: RateLimit, start: float, plan: list[tuple[float, int | None]]
) -> None:
    now = start
    bucket = TokenBucket(limit, now)
    for pause, charge in plan:
        now += pause
        bucket.charge(now, charge or 1)
    wait_s = bucket.wait_s(now)
    if wait_s > 0:
        assert bucket.level(now) < 1
        now += wait_s * 0.999
        assert bucket.level(now) < 1
    later = now + max(wait_s, 1e-6) * 0.002
    assert bucket.try_take(later), "it was told to wait so long, and no longer"


@given(limits, st.integers(0, 30_000))
def test_it_is_full_when_it_says_and_never_more_than_full(limit: RateLimit, charge: int) -> None:
    bucket = TokenBucket(limit, 0.0)
    bucket.charge(0.0, charge)
    full_at = bucket.full_in_s(0.0)
    assert math.isclose(bucket.level(full_at), limit.burst)
    assert bucket.level(full_at + _A_YEAR_S) == limit.burst


def test_a_clock_that_stands_still_or_steps_back_fills_nothing() -> None:
    bucket = TokenBucket(RateLimit(per_second=10.0, burst=1), 100.0)
    assert bucket.try_take(100.0)
    assert not bucket.try_take(100.0)
    assert not bucket.try_take(50.0)
    assert not bucket.try_take(100.0)
    assert bucket.try_take(100.5)


def test_debt_is_paid_to_the_last_token() -> None:
    bucket = TokenBucket(RateLimit(per_second=10.0, burst=20), 0.0)
    for _ in range(100):
        bucket.charge(0.0, 1000)
    assert bucket.level(0.0) == 20 - 100_000
    assert bucket.wait_s(0.0) == pytest.approx(9998.1)
    assert not bucket.try_take(9998.0)
    assert bucket.try_take(9998.2)


@pytest.mark.parametrize(
    ("per_second", "burst"), [(0.0, 1), (-1.0, 1), (math.nan, 1), (1.0, 0), (1.0, -1)]
)
def test_a_bucket_out_of_which_nothing_comes_is_refused(per_second: float, burst: int) -> None:
    with pytest.raises(ValueError, match="nothing comes out"):
        RateLimit(per_second=per_second, burst=burst)


class Overflowing(TokenBucket):
    """Saves up what flows in while nobody comes."""

    __slots__ = ()

    def level(self, now: float) -> float:
        if now > self._at:
            self._tokens += (now - self._at) * self._limit.per_second
            self._at = now
        return self._tokens


class CountsAPauseTwice(TokenBucket):
    """Forgets until when it was filled, unless something is taken."""

    __slots__ = ()

    def level(self, now: float) -> float:
        at = self._at
        level = super().level(now)
        self._at = at
        return level

    def try_take(self, now: float) -> bool:
        taken = super().try_take(now)
        self._at = now if taken else self._at
        return taken


class Forgiving(TokenBucket):
    """Gives away what goes beyond a burst of debt."""

    __slots__ = ()

    def charge(self, now: float, tokens: int) -> None:
        self._tokens = max(-float(self._limit.burst), self.level(now) - tokens)


class GivesTheLastFraction(TokenBucket):
    """Gives a token as soon as there is a part of one."""

    __slots__ = ()

    def try_take(self, now: float) -> bool:
        if self.level(now) <= 0:
            return False
        self._tokens -= 1
        return True


class FixedWindow(TokenBucket):
    """Starts anew each second: twice the burst goes through at the turn of one."""

    __slots__ = ()

    def level(self, now: float) -> float:
        if int(now) != int(self._at):
            self._tokens = float(self._limit.burst)
            self._at = now
        return self._tokens


@pytest.mark.parametrize(
    "kind", [Overflowing, CountsAPauseTwice, Forgiving, GivesTheLastFraction, FixedWindow]
)
def test_the_same_attack_finds_a_broken_bucket(kind: type[TokenBucket]) -> None:
    @settings(max_examples=20_000, derandomize=True, database=None, phases=[Phase.generate])
    @given(limits, starts, steps)
    def attempt(limit: RateLimit, start: float, plan: list[tuple[float, int | None]]) -> None:
        attack(kind, limit, start, plan)

    with pytest.raises(AssertionError):
        attempt()
