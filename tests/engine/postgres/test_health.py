"""The breaker on the database: open after failures in a row, closed by a probe that is answered."""

import asyncio
from itertools import pairwise

import pytest

from surestock.database import DatabaseDown
from surestock.engine.postgres import PostgresObserver
from surestock.engine.postgres.health import Health
from surestock.inventory.unavailable import CircuitOpen
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig, BreakerState

_CONFIG = BreakerConfig(threshold=3, cooldown_s=0.5)
_LOST = DatabaseDown("db:5432: no route to host")


class Told(PostgresObserver):
    def __init__(self) -> None:
        self.states: list[tuple[str, int]] = []

    def breaker(self, state: BreakerState, openings: int) -> None:
        self.states.append((state.value, openings))


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def observer() -> Told:
    return Told()


@pytest.fixture
def health(clock: ManualClock, observer: Told) -> Health:
    return Health(_CONFIG, clock, observer)


def lose(health: Health, times: int = 3) -> None:
    for _ in range(times):
        health.failed(_LOST)


def test_only_failures_in_a_row_open_it(health: Health) -> None:
    lose(health, 2)
    health.answered()
    lose(health, 2)
    health.check()
    assert (health.is_open, health.reasons()) == (False, ())
    lose(health, 1)
    assert health.is_open


def test_while_it_is_open_all_are_refused_and_told_when_to_come_again(health: Health) -> None:
    lose(health)
    with pytest.raises(CircuitOpen) as refused:
        health.check()
    assert refused.value.retry_after_s >= 1
    assert health.reasons() == (
        "db:5432: no route to host; it is tried every 0.5 s and used again once it answers",
    )


def test_whoever_waits_hears_of_it_once(health: Health, observer: Told) -> None:
    opened: list[None] = []
    health.opened = lambda: opened.append(None)
    lose(health, 7)
    assert (opened, observer.states) == ([None], [("open", 1)])


async def test_it_is_probed_until_it_answers_and_then_closed(
    health: Health, clock: ManualClock, observer: Told
) -> None:
    probes: list[float] = []

    async def probe() -> None:
        probes.append(clock.monotonic())
        if len(probes) < 3:
            raise _LOST

    keeping = asyncio.ensure_future(health.keep(probe))
    for _ in range(20):
        await asyncio.sleep(0)
    assert probes == []
    lose(health)
    began = clock.monotonic()
    async with asyncio.timeout(30):
        while health.is_open:
            clock.advance(0.1)
            await asyncio.sleep(0.001)
    keeping.cancel()
    assert len(probes) == 3
    assert probes[0] - began >= _CONFIG.cooldown_s
    assert min(b - a for a, b in pairwise(probes)) >= _CONFIG.cooldown_s - 1e-9
    assert [state for state, _ in observer.states][-1] == "closed"
    health.check()


async def test_a_probe_that_has_a_defect_does_not_pass_for_an_answer(
    health: Health, clock: ManualClock
) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    lose(health)
    clock.advance(_CONFIG.cooldown_s)
    with pytest.raises(ZeroDivisionError):
        await health.keep(broken)
    assert health.is_open


def test_changes_that_do_not_come_through_for_long_are_told_though_reads_are_answered(
    health: Health, clock: ManualClock
) -> None:
    health.held_up(_LOST)
    clock.advance(4.9)
    health.held_up(DatabaseDown("connection was closed"))
    health.answered()  # by a read
    assert health.warnings() == ()
    clock.advance(0.2)
    assert health.warnings() == ("no change has come through for 5 s: connection was closed",)
    assert (health.is_open, health.reasons()) == (False, ())


def test_changes_that_come_through_again_or_are_asked_for_no_more_are_not_warned_of(
    health: Health, clock: ManualClock
) -> None:
    health.held_up(_LOST)
    clock.advance(6)
    health.held_up(_LOST)
    assert health.warnings()
    clock.advance(6)
    assert health.warnings() == ()
    health.held_up(_LOST)
    assert health.warnings()
    health.came_through()
    assert health.warnings() == ()
