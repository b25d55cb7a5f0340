"""Promises of a keyed mutex: one owner at a time, first come first served, all keys or none.

They are functions of any mutex and not tests, so that broken mutexes can be put to them as well.
"""

import pytest

from surestock.locking import KeyedMutex
from tests.locking.crowd import Crowd, Promise, settle


async def five_clients_take_turns_in_the_order_of_their_coming(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        clients = await crowd.come_all("abcde", "k")
        for client in clients:
            assert client.inside
            client.leave()
            await settle()
        assert crowd.overlaps == []
        assert crowd.order == list("abcde")


async def the_third_waiter_does_not_slip_past_the_second(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        first, *_ = await crowd.come_all("abcd", "k")
        first.leave()
        await settle()
        assert crowd.order == ["a", "b"]
        assert crowd.overlaps == []


async def different_keys_do_not_wait_for_each_other(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        one = await crowd.come("a", "k")
        other = await crowd.come("b", "m")
        assert one.inside
        assert other.inside


async def trying_does_not_barge_past_a_waiter(mutex: KeyedMutex[str]) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        waiter = await crowd.come("a", "k")
        mutex.release(["k"])
        assert not mutex.try_acquire(["k"]), "the key belongs to the waiter already"
        await settle()
        assert waiter.inside


async def a_newcomer_does_not_barge_past_a_waiter(mutex: KeyedMutex[str]) -> None:
    mutex.try_acquire(["k"])
    async with Crowd(mutex) as crowd:
        await crowd.come("a", "k")
        mutex.release(["k"])
        await crowd.come("b", "k")
        await crowd.leave_all()
        assert crowd.order == ["a", "b"]
        assert crowd.overlaps == []


async def trying_takes_all_keys_or_none(mutex: KeyedMutex[str]) -> None:
    assert mutex.try_acquire(["b"])
    assert not mutex.try_acquire(["a", "b", "c"])
    assert mutex.try_acquire(["a"]), "the refused try left a taken"
    assert mutex.try_acquire(["c"]), "the refused try left c taken"
    mutex.release(["a", "b", "c"])
    assert mutex.try_acquire(["a", "b", "c"])
    mutex.release(["a", "b", "c"])
    assert len(mutex) == 0


async def several_keys_are_owned_together(mutex: KeyedMutex[str]) -> None:
    async with Crowd(mutex) as crowd:
        both = await crowd.come("x", "ab")
        one, other = await crowd.come("y", "a"), await crowd.come("z", "b")
        assert (both.inside, one.inside, other.inside) == (True, False, False)
        await crowd.leave_all()
        assert crowd.overlaps == []
    assert len(mutex) == 0


async def idle_keys_take_no_memory(mutex: KeyedMutex[str]) -> None:
    for n in range(1000):
        async with mutex.hold([f"k{n}"]):
            assert len(mutex) == 1
    assert len(mutex) == 0


async def a_key_that_nobody_owns_cannot_be_released(mutex: KeyedMutex[str]) -> None:
    with pytest.raises(RuntimeError, match="nobody owns"):
        mutex.release(["k"])
    mutex.try_acquire(["k"])
    mutex.release(["k"])
    with pytest.raises(RuntimeError, match="nobody owns"):
        mutex.release(["k"])


PROMISES: tuple[Promise, ...] = (
    five_clients_take_turns_in_the_order_of_their_coming,
    the_third_waiter_does_not_slip_past_the_second,
    different_keys_do_not_wait_for_each_other,
    trying_does_not_barge_past_a_waiter,
    a_newcomer_does_not_barge_past_a_waiter,
    trying_takes_all_keys_or_none,
    several_keys_are_owned_together,
    idle_keys_take_no_memory,
    a_key_that_nobody_owns_cannot_be_released,
)
