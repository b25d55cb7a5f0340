"""Any crowd, any schedule: nobody meets another owner inside, nobody waits for ever.

Hypothesis draws who comes when, for which keys, how long each stays, who fails and who is
cancelled at which turn of the event loop. A single-threaded loop makes every run repeatable.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from surestock.locking import KeyedMutex
from tests.locking import broken

MOST_TURNS = 400


@dataclass(frozen=True)
class Plan:
    """What one client does, in turns of the event loop."""

    comes_at: int
    keys: tuple[str, ...]
    stays: int
    tries: bool
    fails: bool
    cancelled_at: int | None


plans = st.builds(
    Plan,
    comes_at=st.integers(0, 6),
    keys=st.sets(st.sampled_from("abc"), min_size=1).map(lambda keys: tuple(sorted(keys))),
    stays=st.integers(0, 3),
    tries=st.booleans(),
    fails=st.booleans(),
    cancelled_at=st.none() | st.integers(0, 15),
)
crowds = st.lists(plans, min_size=2, max_size=12)


@dataclass
class Scene:
    """One run of a crowd: who is inside, and what has gone wrong."""

    mutex: KeyedMutex[str]
    inside: Counter[str] = field(default_factory=Counter)
    entered: int = 0

    async def play(self, crowd: list[Plan]) -> None:
        """Run the whole crowd and check what must hold at every turn and at the end."""
        tasks = [asyncio.create_task(self._client(plan)) for plan in crowd]
        try:
            await self._watch(tasks, crowd)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, tasks: list[asyncio.Task[None]], crowd: list[Plan]) -> None:
        for turn in range(MOST_TURNS):
            for task, plan in zip(tasks, crowd, strict=True):
                if plan.cancelled_at == turn:
                    task.cancel()
            await asyncio.sleep(0)
            assert max(self.inside.values(), default=0) <= 1, "two owners of one key"
            if all(task.done() for task in tasks):
                break
        assert all(task.done() for task in tasks), "somebody waits for ever"
        for task, plan in zip(tasks, crowd, strict=True):
            failure = None if task.cancelled() else task.exception()
            assert failure is None or (plan.fails and isinstance(failure, ConnectionError))
        assert len(self.mutex) == 0, "a key is owned by nobody that lives"

    async def _client(self, plan: Plan) -> None:
        for _ in range(plan.comes_at):
            await asyncio.sleep(0)
        if not (plan.tries and self.mutex.try_acquire(plan.keys)):
            await self.mutex.acquire(plan.keys)
        self.entered += 1
        self.inside.update(plan.keys)
        try:
            for _ in range(plan.stays):
                await asyncio.sleep(0)
            if plan.fails:
                raise ConnectionError
        finally:
            self.inside.subtract(plan.keys)
            self.mutex.release(plan.keys)


def run(mutex: KeyedMutex[str], crowd: list[Plan]) -> None:
    with asyncio.Runner() as runner:
        runner.run(Scene(mutex).play(crowd))


@settings(max_examples=400)
@given(crowds)
def test_no_schedule_lets_two_owners_in_or_loses_a_turn(crowd: list[Plan]) -> None:
    run(KeyedMutex(), crowd)


@pytest.mark.parametrize(
    "mutex", [broken.ChainedFuture, broken.Barging, broken.LosesTheTurn, broken.KeepsTheFirstKey]
)
def test_some_schedule_breaks_a_broken_mutex(mutex: type[KeyedMutex[str]]) -> None:
    @settings(
        max_examples=20_000,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        report_multiple_bugs=False,
    )
    @given(crowds)
    def attack(crowd: list[Plan]) -> None:
        run(mutex(), crowd)

    with pytest.raises((AssertionError, KeyError, RuntimeError)):
        attack()
