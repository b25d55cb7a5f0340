"""However many come again at once, only so many are refused in a second, and none waits for long.

Time passes on a loop of its own: a minute of a greedy crowd takes a moment.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.resilience.drain import DrainRate
from surestock.resilience.holdback import Holdback
from tests.resilience.virtual_loop import VirtualLoop

LONGEST_S = 5.0


def play(scene: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(scene)


def drain_of(per_second: int) -> DrainRate:
    drain = DrainRate()
    for _ in range(5):
        drain.seconds_for(1)
        drain.done += per_second
        drain.sample(1.0)
    return drain


async def greedy(holdback: Holdback, clients: int, seconds: float) -> list[float]:
    """Let so many be refused again and again; return how long each refusal was kept."""
    loop, kept = asyncio.get_running_loop(), []

    async def client() -> None:
        while True:
            came = loop.time()
            await holdback.hold()
            kept.append(loop.time() - came)

    async with asyncio.TaskGroup() as group:
        crowd = [group.create_task(client()) for _ in range(clients)]
        await asyncio.sleep(seconds)
        for task in crowd:
            task.cancel()
    return kept


@pytest.mark.parametrize(
    ("clients", "per_second", "allowed"),
    [(1, 0, 100), (50, 0, 100), (500, 0, 100), (640, 3000, 150), (1000, 8000, 400)],
)
def test_a_greedy_crowd_gets_as_many_refusals_as_are_allowed(
    clients: int, per_second: int, allowed: int
) -> None:
    async def scene() -> None:
        kept = await greedy(Holdback(drain_of(per_second), LONGEST_S), clients, 60)
        assert 0.9 * allowed <= len(kept) / 60 <= 1.1 * allowed

    play(scene())


def test_a_crowd_that_is_too_large_gets_one_answer_each_in_the_longest_time() -> None:
    async def scene() -> None:
        kept = await greedy(Holdback(drain_of(1000), LONGEST_S), 5_000, 60)
        assert len(kept) / 60 <= 5_000 / LONGEST_S * 1.1
        assert max(kept) == pytest.approx(LONGEST_S)

    play(scene())


def test_refusals_that_come_together_go_one_after_the_other() -> None:
    async def scene() -> None:
        loop, holdback, went = asyncio.get_running_loop(), Holdback(DrainRate(), LONGEST_S), []

        async def one() -> None:
            await holdback.hold()
            went.append(round(loop.time(), 3))

        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(one())
        assert went == [0.01, 0.02, 0.03, 0.04, 0.05]

    play(scene())


def test_no_time_at_all_may_be_asked_for() -> None:
    async def scene() -> None:
        holdback = Holdback(DrainRate(), 0.0)
        await holdback.hold()
        assert asyncio.get_running_loop().time() == 0.0

    play(scene())


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 10), st.none() | st.floats(0, 10)), max_size=40))
def test_whoever_goes_away_is_not_counted_any_more(
    crowd: list[tuple[float, float | None]],
) -> None:
    async def scene() -> None:
        holdback = Holdback(DrainRate(), LONGEST_S)

        async def client(comes_at: float, goes_after: float | None) -> None:
            await asyncio.sleep(comes_at)
            try:
                async with asyncio.timeout(goes_after):
                    await holdback.hold()
            except TimeoutError:
                assert goes_after is not None

        async with asyncio.TaskGroup() as group:
            for comes_at, goes_after in crowd:
                group.create_task(client(comes_at, goes_after))
        assert holdback.held == 0

    play(scene())


def test_at_the_end_all_are_let_go_at_once() -> None:
    async def scene() -> None:
        loop, holdback = asyncio.get_running_loop(), Holdback(DrainRate(), LONGEST_S)
        async with asyncio.TaskGroup() as group:
            for _ in range(1000):
                group.create_task(holdback.hold())
            gone = group.create_task(holdback.hold())
            await asyncio.sleep(0.1)
            gone.cancel()
            holdback.let_go()
        assert loop.time() == pytest.approx(0.1)
        assert holdback.held == 0
        await holdback.hold()
        assert loop.time() > 0.1, "who comes later is kept back again"

    play(scene())


class Fixed(Holdback):
    """Keeps each for the same time, however many there are."""

    async def hold(self) -> None:
        await asyncio.sleep(0.25)


def test_a_fixed_time_lets_the_number_of_clients_decide() -> None:
    async def scene() -> None:
        kept = await greedy(Fixed(drain_of(3000), LONGEST_S), 640, 60)
        with pytest.raises(AssertionError):
            assert len(kept) / 60 <= 1.1 * 150

    play(scene())
