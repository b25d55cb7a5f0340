"""Nobody waits for longer than a bulkhead lets wait, and who is sent away takes no slot along.

The event loop's time is a number here that is counted up turn by turn, so that a wait can be over
in the very turn in which a slot is handed over or the waiter is cancelled.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth
from tests.resilience.test_bulkhead_schedules import MOST_TURNS, Plan, crowds

PATIENCE = 4.0
"""Turns of the loop."""


class TurnLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is what the test says."""

    now = 0.0

    def time(self) -> float:
        return self.now


@dataclass
class Queue:
    """A crowd in front of a bulkhead of patience."""

    bulkhead: Bulkhead
    loop: TurnLoop
    slots: int
    inside: int = 0
    ends: Counter[str] = field(default_factory=Counter)

    async def play(self, crowd: list[Plan]) -> None:
        tasks = [asyncio.create_task(self._client(plan)) for plan in crowd]
        try:
            for turn in range(MOST_TURNS):
                for task, plan in zip(tasks, crowd, strict=True):
                    if plan.cancelled_at == turn:
                        task.cancel()
                self.loop.now += 1
                await asyncio.sleep(0)
                assert self.inside <= self.slots, "more are in than there are slots"
                if all(task.done() for task in tasks):
                    break
            assert all(task.done() for task in tasks), "somebody waits for ever"
            for task in tasks:
                failure = None if task.cancelled() else task.exception()
                assert failure is None or isinstance(failure, ConnectionError), failure
            assert (self.bulkhead.waiting, self.bulkhead.depth) == (0, 0)
            taken = [self.bulkhead.try_enter() for _ in range(self.slots + 1)]
            assert taken == [True] * self.slots + [False], "a slot was lost or doubled"
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _client(self, plan: Plan) -> None:
        for _ in range(plan.comes_at):
            await asyncio.sleep(0)
        came, had_room = self.loop.now, self.bulkhead.has_room(plan.worth)
        try:
            await self.bulkhead.enter(plan.worth)
        except BulkheadFull:
            waited = self.loop.now - came
            assert waited >= PATIENCE if had_room else waited == 0, "sent away too early"
            assert waited <= PATIENCE + 2, "sent away too late"
            self.ends["dismissed" if had_room else "refused"] += 1
            return
        waited = self.loop.now - came
        assert waited <= PATIENCE + 2, "it waited for longer than anybody may"
        self.ends["served"] += 1
        self.inside += 1
        try:
            for _ in range(2 * plan.stays):
                await asyncio.sleep(0)
            if plan.fails:
                raise ConnectionError
        finally:
            self.inside -= 1
            self.bulkhead.leave()


def run(kind: type[Bulkhead], slots: int, most_waiting: int, crowd: list[Plan]) -> Counter[str]:
    loop = TurnLoop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        queue = Queue(kind(slots, most_waiting, PATIENCE), loop, slots)
        runner.run(queue.play(crowd))
    return queue.ends


@settings(max_examples=500)
@given(st.integers(1, 3), st.integers(0, 12), crowds)
def test_nobody_waits_for_longer_than_it_lets_wait(
    slots: int, most_waiting: int, crowd: list[Plan]
) -> None:
    run(Bulkhead, slots, most_waiting, crowd)


def test_who_is_worth_less_is_sent_away_when_others_keep_coming() -> None:
    sales = [Plan(comes_at=turn, worth=Worth.SALE, stays=1) for turn in (0, 0, *range(3, 30, 3))]
    ends = run(Bulkhead, 1, 20, [*sales[:1], Plan(worth=Worth.ROUTINE), *sales[1:]])
    assert ends == {"served": len(sales), "dismissed": 1}


def test_each_is_sent_away_at_a_time_of_its_own() -> None:
    crowd = [Plan(stays=20), *(Plan(comes_at=turn, worth=Worth.LAST) for turn in range(6))]
    assert run(Bulkhead, 1, 20, crowd) == {"served": 1, "dismissed": 6}


async def test_it_tells_how_many_would_go_first() -> None:
    bulkhead = Bulkhead(1, 20)
    assert bulkhead.try_enter()
    assert [bulkhead.ahead_of(worth) for worth in Worth] == [0, 0, 0]
    async with asyncio.TaskGroup() as group:
        worths = [Worth.ROUTINE] * 3 + [Worth.SALE] * 2 + [Worth.LAST]
        tasks = [group.create_task(bulkhead.enter(worth)) for worth in worths]
        await asyncio.sleep(0)
        assert [bulkhead.ahead_of(worth) for worth in Worth] == [6, 3, 1]
        for task in tasks:
            task.cancel()
    assert bulkhead.ahead_of(Worth.ROUTINE) == 0


class WaitsForEver(Bulkhead):
    """Sends nobody away."""

    def _dismiss(self) -> None:
        self._timer = None


class DismissesOnlyOnce(Bulkhead):
    """Forgets those who came after the first."""

    def _dismiss(self) -> None:
        super()._dismiss()
        if self._timer is not None:
            self._timer.cancel()


class CountsTheDismissed(Bulkhead):
    """Goes on counting those who were sent away."""

    def _dismiss(self) -> None:
        before = self.waiting
        super()._dismiss()
        self.waiting = before


class LetsTheDismissedIn(Bulkhead):
    """Takes the end of a wait for a slot."""

    def _dismiss(self) -> None:
        for queue in self._queues:
            for waiter in queue:
                if not waiter.done():
                    waiter.set_result(True)
            queue.clear()
        self.waiting = 0
        self._timer = None


@pytest.mark.parametrize(
    "kind", [WaitsForEver, DismissesOnlyOnce, CountsTheDismissed, LetsTheDismissedIn]
)
def test_some_schedule_breaks_a_bulkhead_without_patience(kind: type[Bulkhead]) -> None:
    @settings(
        max_examples=10_000,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(st.integers(1, 3), st.integers(0, 12), crowds)
    def attack(slots: int, most_waiting: int, crowd: list[Plan]) -> None:
        run(kind, slots, most_waiting, crowd)

    with pytest.raises((AssertionError, RuntimeError)):
        attack()
