"""Cancelled at any await, a sync leaves the queue clean, and the next one comes to the same end."""

import asyncio

import pytest

from surestock.mirror import MirrorConfig, SyncFailed
from tests.mirror.platform import Fault
from tests.mirror.shop import CONFIG, Shop, on_virtual_time

MOST_TURNS = 80
"""Turns of the event loop in which every sync here has ended."""

PLANS: list[list[Fault | None]] = [[], [None, "expire"], ["lost", None, "part"]]


async def half_done(plan: list[Fault | None], config: MirrorConfig = CONFIG) -> Shop:
    shop = Shop(config=config)
    await shop.open()
    await shop.add("U", "P1", 2)
    await shop.mirrors.sync("U", "till", "r-1")
    await shop.add("U", "P2", 3)
    await shop.remove("U", "P1")
    await shop.add("U", "P3", 1)
    shop.platform.plan(*plan)
    return shop


async def broken_off(task: asyncio.Task[object], turns: int) -> bool:
    """Cancel a task after so many turns; tell whether it was still under way."""
    for _ in range(turns):
        await asyncio.sleep(0)
    was_under_way = not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return was_under_way


@pytest.mark.parametrize("plan", PLANS)
def test_a_request_that_is_given_up_at_any_await_harms_nothing(plan: list[Fault | None]) -> None:
    async def story() -> None:
        met = 0
        for turns in range(MOST_TURNS):
            shop = await half_done(plan)
            task = asyncio.create_task(shop.mirrors.sync("U", "till", "r-2"))
            met += await broken_off(task, turns)
            assert len(shop.queue) == 0
            shop.platform.plan()
            async with shop.running():
                await shop.settle()
                await shop.check()
        assert 3 < met < MOST_TURNS

    on_virtual_time(story)


def test_those_who_wait_behind_one_that_is_given_up_are_served() -> None:
    async def story() -> None:
        for turns in range(MOST_TURNS):
            shop = await half_done([])
            task = asyncio.create_task(shop.mirrors.sync("U", "till", "r-2"))
            others = [asyncio.create_task(shop.mirrors.sync("U", "till", "r-3")) for _ in "ab"]
            await broken_off(task, turns)
            carts = await asyncio.gather(*others)
            assert {cart.mirror.state for cart in carts} == {"synced"}
            await shop.check()

    on_virtual_time(story)


@pytest.mark.parametrize("plan", PLANS)
def test_a_background_that_is_ended_at_any_await_goes_on_when_it_runs_again(
    plan: list[Fault | None],
) -> None:
    async def story() -> None:
        for turns in range(MOST_TURNS):
            shop = await half_done(plan)
            await shop.add("V", "P1", 2)
            await broken_off(asyncio.create_task(shop.mirrors.run()), turns)
            assert len(shop.queue) == 0
            shop.platform.plan()
            async with shop.running():
                await shop.settle()
                await shop.check()

    on_virtual_time(story)


def test_who_asks_a_slow_platform_is_told_in_time_and_the_background_goes_on() -> None:
    async def story() -> None:
        shop = await half_done(["slow"] * 4, MirrorConfig())
        waiting = asyncio.create_task(shop.mirrors.sync("U", "till", "r-3"))
        began = asyncio.get_running_loop().time()
        with pytest.raises(SyncFailed) as raised:
            await shop.mirrors.sync("U", "till", "r-2")
        assert raised.value.is_unreachable
        assert asyncio.get_running_loop().time() - began <= 15.1
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(shop.queue) == 0
        async with shop.running():
            await shop.settle()
            await shop.check()

    on_virtual_time(story)
