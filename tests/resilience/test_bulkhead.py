"""A bulkhead keeps its promises to those who are in, who wait, and who are refused."""

import asyncio
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def full(most_waiting: int) -> Bulkhead:
    bulkhead = Bulkhead(1, most_waiting)
    assert bulkhead.try_enter()
    return bulkhead


async def enter_and_tell(bulkhead: Bulkhead, worth: Worth, told: list[str], name: str) -> None:
    await bulkhead.enter(worth)
    told.append(name)
    bulkhead.leave()


async def fill(bulkhead: Bulkhead, worth: Worth) -> int:
    """Let as many wait as there is room for; return how many wait then, and leave them behind."""
    async with asyncio.TaskGroup() as group:
        tasks = []
        while bulkhead.has_room(worth):
            tasks.append(group.create_task(bulkhead.enter(worth)))
            await asyncio.sleep(0)
        with pytest.raises(BulkheadFull):
            await bulkhead.enter(worth)
        waiting = bulkhead.waiting
        for task in tasks:
            task.cancel()
    assert bulkhead.waiting == 0
    return waiting


@pytest.mark.parametrize(
    ("most_waiting", "routine", "sale", "last"),
    [
        (0, 0, 0, 0),
        (1, 0, 0, 1),
        (2, 1, 1, 2),
        (5, 4, 4, 5),
        (9, 7, 8, 9),
        (10, 8, 9, 10),
        (11, 8, 9, 11),
        (70, 56, 63, 70),
        (100, 80, 90, 100),
    ],
)
async def test_the_less_worth_the_smaller_the_share_of_the_queue(
    most_waiting: int, routine: int, sale: int, last: int
) -> None:
    bulkhead = full(most_waiting)
    assert await fill(bulkhead, Worth.ROUTINE) == routine
    assert await fill(bulkhead, Worth.SALE) == sale
    assert await fill(bulkhead, Worth.LAST) == last


@given(st.integers(0, 1_000_000))
def test_no_share_is_ever_larger_than_its_percentage(most_waiting: int) -> None:
    bulkhead = full(most_waiting)
    for worth, percent in ((Worth.ROUTINE, 80), (Worth.SALE, 90), (Worth.LAST, 100)):
        share = most_waiting * percent / 100
        for waiting in {int(share) - 1, int(share), int(share) + 1} - {-1}:
            bulkhead.waiting = waiting
            assert bulkhead.has_room(worth) == (waiting + 1 <= share)


async def test_the_shares_are_of_one_queue_and_the_most_worth_finds_room_last() -> None:
    bulkhead = full(10)
    refused = []
    async with asyncio.TaskGroup() as group:
        tasks = []
        for worth in [Worth.ROUTINE] * 9 + [Worth.SALE] * 2 + [Worth.LAST] * 2:
            if bulkhead.has_room(worth):
                tasks.append(group.create_task(bulkhead.enter(worth)))
                await asyncio.sleep(0)
            else:
                refused.append(worth)
        assert (bulkhead.waiting, bulkhead.depth) == (10, 11)
        for task in tasks:
            task.cancel()
    assert refused == [Worth.ROUTINE, Worth.SALE, Worth.LAST]


async def test_more_worth_goes_first_and_the_first_first_within_a_worth() -> None:
    bulkhead = full(100)
    told: list[str] = []
    async with asyncio.TaskGroup() as group:
        for name in ("r1", "s1", "l1", "r2", "l2", "s2", "r3", "l3", "s3"):
            worth = {"r": Worth.ROUTINE, "s": Worth.SALE, "l": Worth.LAST}[name[0]]
            group.create_task(enter_and_tell(bulkhead, worth, told, name))
            await asyncio.sleep(0)
        bulkhead.leave()
    assert told == ["l1", "l2", "l3", "s1", "s2", "s3", "r1", "r2", "r3"]
    assert bulkhead.depth == 0


async def test_a_newcomer_does_not_get_the_slot_that_was_handed_to_a_waiter() -> None:
    bulkhead = full(10)
    told: list[str] = []
    async with asyncio.TaskGroup() as group:
        group.create_task(enter_and_tell(bulkhead, Worth.ROUTINE, told, "waiter"))
        await asyncio.sleep(0)
        bulkhead.leave()
        assert not bulkhead.try_enter()
        group.create_task(enter_and_tell(bulkhead, Worth.LAST, told, "newcomer"))
    assert told == ["waiter", "newcomer"]


async def test_a_waiter_that_is_cancelled_when_it_has_its_slot_gives_it_to_the_next() -> None:
    bulkhead = full(10)
    told: list[str] = []
    first = asyncio.create_task(bulkhead.enter(Worth.SALE))
    second = asyncio.create_task(enter_and_tell(bulkhead, Worth.ROUTINE, told, "second"))
    await settle()
    bulkhead.leave()
    first.cancel()
    await settle()
    assert first.cancelled()
    assert second.done()
    assert told == ["second"]
    assert bulkhead.try_enter()


async def test_a_waiter_whose_coroutine_is_thrown_away_leaves_nothing_behind() -> None:
    bulkhead = full(10)
    waits, has_slot = bulkhead.enter(Worth.SALE), bulkhead.enter(Worth.LAST)
    waits.send(None)
    has_slot.send(None)
    waits.close()
    assert bulkhead.waiting == 1
    bulkhead.leave()
    has_slot.close()
    assert inspect.getcoroutinestate(has_slot) == inspect.CORO_CLOSED
    assert bulkhead.depth == 0
    assert bulkhead.try_enter()


async def test_a_time_out_hurts_only_its_own() -> None:
    bulkhead = full(10)
    told: list[str] = []
    async with asyncio.TaskGroup() as group:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await bulkhead.enter(Worth.LAST)
        group.create_task(enter_and_tell(bulkhead, Worth.ROUTINE, told, "other"))
        await asyncio.sleep(0)
        bulkhead.leave()
    assert told == ["other"]
    assert bulkhead.depth == 0


def test_who_leaves_without_having_come_is_told() -> None:
    bulkhead = Bulkhead(2, 10)
    assert bulkhead.try_enter()
    bulkhead.leave()
    with pytest.raises(RuntimeError, match="nobody was in"):
        bulkhead.leave()
    assert [bulkhead.try_enter() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("slots", "most_waiting"), [(0, 10), (-1, 10), (1, -1)])
def test_a_bulkhead_that_nobody_can_enter_is_refused(slots: int, most_waiting: int) -> None:
    with pytest.raises(ValueError, match="nobody would get in"):
        Bulkhead(slots, most_waiting)


async def test_whoever_waits_can_be_turned_away_and_the_slot_stays_whole() -> None:
    bulkhead = full(10)
    told: list[str] = []
    waiting = [
        asyncio.ensure_future(enter_and_tell(bulkhead, worth, told, worth.name)) for worth in Worth
    ]
    await settle()
    assert bulkhead.waiting == 3
    bulkhead.turn_away()
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [BulkheadFull] * 3
    assert (told, bulkhead.waiting, bulkhead.depth) == ([], 0, 1)
    bulkhead.leave()
    assert bulkhead.try_enter()
