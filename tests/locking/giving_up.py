"""Promises of a keyed mutex to those who fail, are cancelled or run out of time.

They are functions of any mutex and not tests, so that broken mutexes can be put to them as well.
"""

import asyncio

import pytest

from surestock.locking import KeyedMutex
from tests.locking.crowd import Crowd, Failed, Promise, settle


async def a_failing_owner_passes_the_turn_on(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        failing, second, third = await crowd.come_all("abc", "k")
        failing.leave(fail=True)
        await settle()
        assert isinstance(failing.task.exception(), Failed)
        assert second.inside
        assert not third.inside


async def a_cancelled_owner_passes_the_turn_on(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        cancelled, second = await crowd.come_all("ab", "k")
        cancelled.task.cancel()
        await settle()
        assert second.inside


async def _cancel_waiter(mutex: KeyedMutex[str], who: int) -> None:
    async with Crowd(mutex) as crowd:
        clients = await crowd.come_all("abcd", "k")
        clients[who].task.cancel()
        await settle()
        assert clients[who].task.cancelled()
        assert mutex.waiters("k") == 2
        await crowd.leave_all()
        assert crowd.order == [name for name in "abcd" if name != clients[who].name]
        assert crowd.overlaps == []
    assert len(mutex) == 0


async def a_cancelled_first_waiter_leaves_nothing_behind(mutex: KeyedMutex[str]) -> None:
    await _cancel_waiter(mutex, 1)


async def a_cancelled_middle_waiter_leaves_nothing_behind(mutex: KeyedMutex[str]) -> None:
    await _cancel_waiter(mutex, 2)


async def a_cancelled_last_waiter_leaves_nothing_behind(mutex: KeyedMutex[str]) -> None:
    await _cancel_waiter(mutex, 3)


async def when_every_waiter_is_cancelled_the_key_comes_free(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        owner, *waiting = await crowd.come_all("abcd", "k")
        for client in waiting:
            client.task.cancel()
        owner.leave()
        await settle()
        assert len(mutex) == 0
        assert mutex.try_acquire(["k"])
        mutex.release(["k"])


async def a_turn_that_is_cancelled_at_the_hand_over_goes_to_the_next(
    mutex: KeyedMutex[str],
) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        first, second = await crowd.come_all("ab", "k")
        mutex.release(["k"])
        first.task.cancel()  # it owns the key by now, and has not run yet
        await settle()
        assert first.task.cancelled()
        assert second.inside
        await crowd.leave_all()
        assert crowd.order == ["b"]
    assert len(mutex) == 0


async def a_turn_that_is_cancelled_just_before_the_hand_over_goes_to_the_next(
    mutex: KeyedMutex[str],
) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        first, second = await crowd.come_all("ab", "k")
        first.task.cancel()  # its wait is over, and it has not run yet
        mutex.release(["k"])
        await settle()
        assert first.task.cancelled()
        assert second.inside
        await crowd.leave_all()
    assert len(mutex) == 0


async def the_last_waiter_cancelled_at_the_hand_over_leaves_the_key_free(
    mutex: KeyedMutex[str],
) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        only = await crowd.come("a", "k")
        mutex.release(["k"])
        only.task.cancel()
        await settle()
        assert len(mutex) == 0


async def a_client_cancelled_between_two_keys_gives_the_first_one_back(
    mutex: KeyedMutex[str],
) -> None:
    mutex.try_acquire(["b"])
    async with Crowd(mutex) as crowd:
        half = await crowd.come("x", "abc")
        next_one = await crowd.come("y", "a")
        assert crowd.order == []
        half.task.cancel()
        await settle()
        assert next_one.inside
        assert mutex.waiters("b") == 0
        await crowd.leave_all()
    mutex.release(["b"])
    assert len(mutex) == 0


async def a_waiter_whose_coroutine_is_thrown_away_leaves_nothing_behind(
    mutex: KeyedMutex[str],
) -> None:
    mutex.try_acquire(["k"])
    waiting = mutex.acquire(["k"])
    waiting.send(None)
    waiting.close()
    mutex.release(["k"])
    assert len(mutex) == 0


async def many_clients_wait_and_a_time_out_hurts_only_its_own(mutex: KeyedMutex[str]) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await mutex.acquire(["k"])
        waiter = await crowd.come("a", "k")
        mutex.release(["k"])
        await settle()
        assert waiter.inside
        await crowd.leave_all()
    assert len(mutex) == 0


PROMISES: tuple[Promise, ...] = (
    a_failing_owner_passes_the_turn_on,
    a_cancelled_owner_passes_the_turn_on,
    a_cancelled_first_waiter_leaves_nothing_behind,
    a_cancelled_middle_waiter_leaves_nothing_behind,
    a_cancelled_last_waiter_leaves_nothing_behind,
    when_every_waiter_is_cancelled_the_key_comes_free,
    a_turn_that_is_cancelled_at_the_hand_over_goes_to_the_next,
    a_turn_that_is_cancelled_just_before_the_hand_over_goes_to_the_next,
    the_last_waiter_cancelled_at_the_hand_over_leaves_the_key_free,
    a_client_cancelled_between_two_keys_gives_the_first_one_back,
    a_waiter_whose_coroutine_is_thrown_away_leaves_nothing_behind,
    many_clients_wait_and_a_time_out_hurts_only_its_own,
)
