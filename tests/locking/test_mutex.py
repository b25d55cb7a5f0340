"""The keyed mutex keeps its promises, and each promise is one that some broken mutex breaks."""

import pytest

from surestock.locking import KeyedMutex
from tests.locking import broken, giving_up, taking_turns
from tests.locking.crowd import Promise

PROMISES: tuple[Promise, ...] = taking_turns.PROMISES + giving_up.PROMISES


@pytest.mark.parametrize("promise", PROMISES, ids=lambda promise: promise.__name__)
async def test_the_mutex_keeps_its_promise(promise: Promise) -> None:
    await promise(KeyedMutex())


@pytest.mark.parametrize(
    ("mutex", "promise"),
    [
        (broken.ChainedFuture, taking_turns.the_third_waiter_does_not_slip_past_the_second),
        (broken.ChainedFuture, taking_turns.a_key_that_nobody_owns_cannot_be_released),
        (broken.Barging, taking_turns.trying_does_not_barge_past_a_waiter),
        (broken.Barging, taking_turns.a_newcomer_does_not_barge_past_a_waiter),
        (broken.WakesTheLast, taking_turns.five_clients_take_turns_in_the_order_of_their_coming),
        (broken.KeepsIdleKeys, taking_turns.idle_keys_take_no_memory),
        (
            broken.LosesTheTurn,
            giving_up.a_turn_that_is_cancelled_at_the_hand_over_goes_to_the_next,
        ),
        (
            broken.LosesTheTurn,
            giving_up.the_last_waiter_cancelled_at_the_hand_over_leaves_the_key_free,
        ),
        (
            broken.KeepsTheFirstKey,
            giving_up.a_client_cancelled_between_two_keys_gives_the_first_one_back,
        ),
    ],
)
async def test_a_broken_mutex_is_found_out(mutex: type[KeyedMutex[str]], promise: Promise) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        await promise(mutex())


@pytest.mark.parametrize("keys", [["b", "a"], ["a", "a"], ["a", "c", "b"]])
async def test_keys_out_of_order_or_repeated_are_refused_since_they_could_deadlock(
    keys: list[str],
) -> None:
    mutex: KeyedMutex[str] = KeyedMutex()
    with pytest.raises(ValueError, match="sorted"):
        mutex.try_acquire(keys)
    with pytest.raises(ValueError, match="sorted"):
        await mutex.acquire(keys)
    assert len(mutex) == 0


async def test_no_keys_at_all_are_owned_at_once() -> None:
    mutex: KeyedMutex[str] = KeyedMutex()
    assert mutex.try_acquire([])
    await mutex.acquire([])
    mutex.release([])
    assert len(mutex) == 0


async def test_a_key_is_any_sortable_value_such_as_store_and_sku() -> None:
    mutex: KeyedMutex[tuple[str, str]] = KeyedMutex()
    async with mutex.hold([("east", "tea"), ("west", "tea")]):
        assert not mutex.try_acquire([("east", "tea")])
        assert mutex.try_acquire([("east", "rice")])
        mutex.release([("east", "rice")])
    assert len(mutex) == 0
