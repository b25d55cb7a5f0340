"""Any crowd, any schedule: no slot is lost or doubled, and whoever goes first goes first.

Hypothesis draws who comes when, what each is worth, how long each stays, who fails and who is
cancelled at which turn of the event loop: before its slot is handed over, in the turn in which it
is, and after. A model that knows no futures says at each step who must be in, who waits, and who is
refused; a single-threaded loop makes every run repeatable.
"""

import asyncio
from dataclasses import dataclass, field
from itertools import product

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth
from tests.resilience import broken

MOST_TURNS = 400


@dataclass(frozen=True)
class Plan:
    """What one client does, in turns of the event loop."""

    comes_at: int = 0
    worth: Worth = Worth.ROUTINE
    stays: int = 2
    tries: bool = False
    fails: bool = False
    cancelled_at: int | None = None


plans = st.builds(
    Plan,
    comes_at=st.integers(0, 6),
    worth=st.sampled_from(Worth),
    stays=st.integers(0, 3),
    tries=st.booleans(),
    fails=st.booleans(),
    cancelled_at=st.none() | st.integers(0, 15),
)
crowds = st.lists(plans, min_size=2, max_size=14)


@dataclass
class Model:
    """Who is in and who waits, by client number. ``leaving`` are cancelled and still counted."""

    slots: int
    most_waiting: int
    inside: set[int] = field(default_factory=set)
    waiting: list[tuple[int, int]] = field(default_factory=list)
    leaving: set[int] = field(default_factory=set)

    def room(self, worth: Worth) -> int:
        return {0: self.most_waiting * 8 // 10, 1: self.most_waiting * 9 // 10}.get(
            int(worth), self.most_waiting
        )

    def come(self, client: int, worth: Worth) -> bool:
        """Take the client in or let it wait; False when it must be refused."""
        if len(self.inside) < self.slots:
            self.inside.add(client)
        elif len(self.waiting) < self.room(worth):
            self.waiting.append((-worth, client))
            self.waiting.sort(key=lambda waiter: waiter[0])  # stable: in order of coming
        else:
            return False
        return True

    def waits(self, client: int) -> bool:
        return any(waiter == client for _, waiter in self.waiting)

    def give_up(self, client: int) -> None:
        self.waiting = [waiter for waiter in self.waiting if waiter[1] != client]
        self.leaving.add(client)

    def leave(self, client: int) -> None:
        self.inside.remove(client)
        if self.waiting:
            self.inside.add(self.waiting.pop(0)[1])


@dataclass
class Scene:
    """One run of a crowd through a bulkhead, beside the model."""

    bulkhead: Bulkhead
    model: Model
    crowd: list[Plan]

    async def play(self) -> None:
        tasks = [
            asyncio.create_task(self._client(number, plan))
            for number, plan in enumerate(self.crowd)
        ]
        try:
            await self._watch(tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, tasks: list[asyncio.Task[None]]) -> None:
        for turn in range(MOST_TURNS):
            for number, plan in enumerate(self.crowd):
                if plan.cancelled_at == turn:
                    tasks[number].cancel()
                    if self.model.waits(number):
                        self.model.give_up(number)
            await asyncio.sleep(0)
            assert not self.model.leaving, "a cancelled waiter has not gone"
            assert self.bulkhead.waiting == len(self.model.waiting)
            assert self.bulkhead.depth == len(self.model.inside) + len(self.model.waiting)
            if all(task.done() for task in tasks):
                break
        assert all(task.done() for task in tasks), "somebody waits for ever"
        for task, plan in zip(tasks, self.crowd, strict=True):
            failure = None if task.cancelled() else task.exception()
            assert failure is None or (plan.fails and isinstance(failure, ConnectionError)), failure
        taken = [self.bulkhead.try_enter() for _ in range(self.model.slots + 1)]
        assert taken == [True] * self.model.slots + [False], "a slot was lost or doubled"

    async def _client(self, number: int, plan: Plan) -> None:
        for _ in range(plan.comes_at):
            await asyncio.sleep(0)
        if not await self._enters(number, plan):
            return
        assert number in self.model.inside, "it is in before it is its turn"
        try:
            for _ in range(plan.stays):
                await asyncio.sleep(0)
            if plan.fails:
                raise ConnectionError
        finally:
            self._leave(number)

    async def _enters(self, number: int, plan: Plan) -> bool:
        model = self.model
        if plan.tries:
            is_free = len(model.inside) < model.slots
            assert self.bulkhead.try_enter() == is_free, "try_enter overtook, or found no free slot"
            return is_free and model.come(number, plan.worth)
        blurred = bool(model.leaving)  # they may still take up room in this turn
        expected = model.come(number, plan.worth)
        try:
            await self.bulkhead.enter(plan.worth)
        except BulkheadFull:
            assert not expected or blurred, "refused, though there was room"
            if expected:
                model.give_up(number)
                model.leaving.discard(number)
            return False
        except asyncio.CancelledError:
            model.leaving.discard(number)
            if number in model.inside:
                model.leave(number)  # it was handed a slot and gave it on
            raise
        assert expected, "let in or left to wait, though there was no room"
        return True

    def _leave(self, number: int) -> None:
        self.model.leave(number)
        self.bulkhead.leave()


def run(kind: type[Bulkhead], slots: int, most_waiting: int, crowd: list[Plan]) -> None:
    with asyncio.Runner() as runner:
        bulkhead = kind(slots, most_waiting)
        runner.run(Scene(bulkhead, Model(slots, most_waiting), crowd).play())


@pytest.mark.timeout(600)  # a thousand schedules, and the machine may have much else to do
@settings(max_examples=1000)
@given(st.integers(1, 3), st.integers(0, 12), crowds)
def test_no_schedule_loses_or_doubles_a_slot_or_lets_anybody_overtake(
    slots: int, most_waiting: int, crowd: list[Plan]
) -> None:
    run(Bulkhead, slots, most_waiting, crowd)


@pytest.mark.parametrize("worths", list(product(Worth, repeat=3)))
def test_each_of_five_may_be_cancelled_at_any_turn(worths: tuple[Worth, ...]) -> None:
    crowd = [Plan(), Plan(fails=True), *(Plan(worth=worth, stays=1) for worth in worths)]
    for who, turn in product(range(len(crowd)), range(12)):
        cancelled = list(crowd)
        cancelled[who] = Plan(worth=crowd[who].worth, stays=2, cancelled_at=turn)
        run(Bulkhead, 1, 10, cancelled)


@pytest.mark.parametrize(
    "kind",
    [
        broken.LosesTheSlot,
        broken.FreesTwice,
        broken.LetsNewcomersOvertake,
        broken.LastComeFirstServed,
        broken.KnowsNoWorth,
        broken.CountsTheGone,
        broken.LetsAnybodyWait,
    ],
)
def test_some_schedule_breaks_a_broken_bulkhead(kind: type[Bulkhead]) -> None:
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

    with pytest.raises((AssertionError, KeyError, RuntimeError)):
        attack()
