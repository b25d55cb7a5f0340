"""The circuit breaker, move by move beside a reference that keeps the whole history."""

from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker

CLOSED, OPEN, HALF_OPEN = BreakerState.CLOSED, BreakerState.OPEN, BreakerState.HALF_OPEN


def breaker(threshold: int = 3, cooldown_s: float = 5.0) -> tuple[CircuitBreaker, ManualClock]:
    clock = ManualClock()
    return CircuitBreaker(BreakerConfig(threshold, cooldown_s), clock.monotonic), clock


def fail(it: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        it.failed()


def test_it_opens_at_the_threshold_and_not_before() -> None:
    it, _ = breaker()
    fail(it, 2)
    assert it.state is CLOSED
    it.failed()
    assert (it.state, it.openings) == (OPEN, 1)


def test_only_failures_in_a_row_count() -> None:
    it, _ = breaker()
    for _ in range(5):
        fail(it, 2)
        it.succeeded()
    assert (it.state, it.openings) == (CLOSED, 0)


def test_one_probe_is_let_through_once_the_cooldown_is_over() -> None:
    it, clock = breaker()
    assert not it.try_probe()
    fail(it, 3)
    clock.advance(4.75)
    assert not it.try_probe()
    clock.advance(0.25)
    assert [it.try_probe() for _ in range(3)] == [True, False, False]
    assert it.state is HALF_OPEN


def test_a_probe_that_fails_costs_a_whole_cooldown_and_one_that_succeeds_closes() -> None:
    it, clock = breaker()
    fail(it, 3)
    clock.advance(5)
    assert it.try_probe()
    clock.advance(100)
    it.failed()
    assert (it.state, it.openings, it.retry_after_s()) == (OPEN, 2, 5)
    clock.advance(5)
    assert it.try_probe()
    it.succeeded()
    assert (it.state, it.openings) == (CLOSED, 2)
    fail(it, 2)
    assert it.state is CLOSED


def test_a_failure_that_was_under_way_does_not_lengthen_the_cooldown() -> None:
    it, clock = breaker()
    fail(it, 3)
    clock.advance(4)
    it.failed()
    assert (it.retry_after_s(), it.openings) == (1, 1)


def test_retry_after_is_in_whole_seconds_and_never_0() -> None:
    it, clock = breaker(cooldown_s=2.5)
    assert it.retry_after_s() == 1
    fail(it, 3)
    told = []
    for _ in range(6):
        told.append(it.retry_after_s())
        clock.advance(0.75)
    assert told == [3, 2, 1, 1, 1, 1]
    assert it.try_probe()
    assert it.retry_after_s() == 1


def test_whoever_wants_to_know_is_told_of_each_change_after_it_holds() -> None:
    told: list[tuple[BreakerState, BreakerState, int]] = []
    clock = ManualClock()

    def changed(state: BreakerState) -> None:
        told.append((state, it.state, it.openings))

    it = CircuitBreaker(BreakerConfig(1, 1.0), clock.monotonic, changed)
    it.succeeded()
    it.failed()
    it.failed()
    clock.advance(1)
    it.try_probe()
    it.failed()
    clock.advance(1)
    it.try_probe()
    it.succeeded()
    it.succeeded()
    assert told == [
        (OPEN, OPEN, 1),
        (HALF_OPEN, HALF_OPEN, 1),
        (OPEN, OPEN, 2),
        (HALF_OPEN, HALF_OPEN, 2),
        (CLOSED, CLOSED, 2),
    ]


@dataclass
class Reference:
    """What should be the case, told from everything that ever happened, anew each time."""

    threshold: int
    cooldown_s: float
    history: list[tuple[str, float]] = field(default_factory=list)

    def story(self) -> tuple[BreakerState, int, float]:
        """Return the state, how often it opened, and until when it stays so."""
        state, openings, until, in_a_row = CLOSED, 0, 0.0, 0
        for what, at in self.history:
            if what == "succeeded":
                state, in_a_row = CLOSED, 0
            elif what == "probed":
                if state is OPEN and at >= until:
                    state = HALF_OPEN
            else:
                in_a_row += 1
                opens = state is HALF_OPEN or (state is CLOSED and in_a_row >= self.threshold)
                if opens:
                    state, openings, until = OPEN, openings + 1, at + self.cooldown_s
        return state, openings, until


class BreakerBesideItsReference(RuleBasedStateMachine):
    """Any order of calls, at any time. Times are in eighths, so that sums are exact."""

    breaker_type = CircuitBreaker

    @initialize(threshold=st.integers(1, 4), cooldown=st.integers(1, 40))
    def made(self, threshold: int, cooldown: int) -> None:
        self.clock = ManualClock()
        self.reference = Reference(threshold, cooldown / 8)
        config = BreakerConfig(threshold, cooldown / 8)
        self.told: list[BreakerState] = []
        self.it = self.breaker_type(config, self.clock.monotonic, self.told.append)

    def note(self, what: str) -> None:
        self.reference.history.append((what, self.clock.monotonic()))

    @rule(eighths=st.integers(0, 50))
    def wait(self, eighths: int) -> None:
        self.clock.advance(eighths / 8)

    @rule()
    def succeed(self) -> None:
        self.note("succeeded")
        self.it.succeeded()

    @rule(times=st.integers(1, 5))
    def fail(self, times: int) -> None:
        for _ in range(times):
            self.note("failed")
            self.it.failed()

    @rule()
    def probe(self) -> None:
        before, _, _ = self.reference.story()
        self.note("probed")
        after, _, _ = self.reference.story()
        assert self.it.try_probe() == (before is OPEN and after is HALF_OPEN)

    @precondition(lambda self: self.it.state is OPEN)
    @rule()
    def do_as_retry_after_says(self) -> None:
        """Whoever waits so long is let through, and waited not a second too long."""
        waited = self.it.retry_after_s()
        left = self.reference.story()[2] - self.clock.monotonic()
        assert max(left, 0) <= waited < max(left, 0) + 1 or waited == 1
        self.clock.advance(waited)
        self.note("probed")
        assert self.it.try_probe()

    @invariant()
    def it_is_as_the_reference_says(self) -> None:
        state, openings, _ = self.reference.story()
        assert (self.it.state, self.it.openings) == (state, openings)
        assert self.told[-1:] == [state] or (state is CLOSED and not self.told)
        assert all(one is not other for one, other in zip(self.told, self.told[1:], strict=False))


TestBreakerBesideItsReference = BreakerBesideItsReference.TestCase


class Forgetful(CircuitBreaker):
    """Forgets that a probe is out: a second one is let through."""

    def try_probe(self) -> bool:
        return super().try_probe() or self.state is HALF_OPEN


class Lenient(CircuitBreaker):
    """A failed probe is one failure of many."""

    def failed(self) -> None:
        if self.state is HALF_OPEN:
            self.succeeded()
        super().failed()


class Stubborn(CircuitBreaker):
    """Each failure while it is open begins the cooldown anew."""

    def failed(self) -> None:
        if self.state is OPEN:
            self.state = HALF_OPEN
            self.openings -= 1
        super().failed()


@pytest.mark.parametrize("flawed", [Forgetful, Lenient, Stubborn])
def test_the_comparison_catches_a_breaker_that_is_wrong(flawed: type[CircuitBreaker]) -> None:
    class Machine(BreakerBesideItsReference):
        breaker_type = flawed

    # That it is found matters, not which example is the shortest.
    Machine.TestCase.settings = settings(Machine.TestCase.settings, phases=[Phase.generate])
    with pytest.raises(AssertionError):
        Machine.TestCase("runTest").runTest()
