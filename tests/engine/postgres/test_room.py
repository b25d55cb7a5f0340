"""The room of commands: first come, first served; nobody waits for ever, nobody is told twice."""

import asyncio

import pytest
from msgspec import Raw

from surestock.engine.postgres.room import Room
from surestock.engine.postgres.waiting import Waiting
from surestock.idempotency import make_key
from surestock.inventory.commands import CountStock
from surestock.inventory.refusals import NotFound
from surestock.inventory.reply import Reply
from surestock.inventory.unavailable import DatabaseUnavailable, Overloaded, ShuttingDown
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Envelope, Outcome

_DONE = Outcome(Reply(Raw(b"{}")), 1)
_PATIENCE_S = 5.0


def envelope(name: str, *, keyed: bool = False) -> Envelope:
    key = make_key("ann", "POST", "/", name, "f" * 32) if keyed else None
    return Envelope(CountStock("east", name, 1), "ann", name, key)


def names(taken: list[Waiting]) -> list[str]:
    return [it.envelope.request_id for it in taken]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def room(clock: ManualClock) -> Room:
    return Room(clock, _PATIENCE_S, most=5)


def test_they_come_out_in_the_order_in_which_they_came(room: Room) -> None:
    for name in "abcd":
        room.enter(envelope(name))
    assert (names(room.take(2)), names(room.take(9)), room.take(9)) == (["a", "b"], ["c", "d"], [])


def test_those_that_are_put_back_come_out_before_all_others_in_their_order(room: Room) -> None:
    for name in "abc":
        room.enter(envelope(name))
    first = room.take(2)
    room.put_back(first)
    room.enter(envelope("d"))
    assert names(room.take(9)) == ["a", "b", "c", "d"]


def test_it_is_wanted_while_somebody_waits(room: Room) -> None:
    assert not room.wanted.is_set()
    room.put_back([])
    assert not room.wanted.is_set()
    room.enter(envelope("a"))
    room.enter(envelope("b"))
    room.take(1)
    assert room.wanted.is_set()
    taken = room.take(1)
    assert not room.wanted.is_set()
    room.put_back(taken)
    assert room.wanted.is_set()


async def test_it_gathers_until_enough_wait_and_no_longer_than_asked(room: Room) -> None:
    room.enter(envelope("a"))
    await room.gather(1, 1000)
    gathering = asyncio.ensure_future(room.gather(3, 1000))
    for name in "bc":
        await asyncio.sleep(0.01)
        assert not gathering.done()
        room.enter(envelope(name))
    await gathering
    await room.gather(4, 0.01)
    assert names(room.take(9)) == ["a", "b", "c"]


def test_who_is_taken_out_takes_up_room_until_he_is_answered(room: Room) -> None:
    for name in "abcde":
        room.enter(envelope(name))
    taken = room.take(5)
    with pytest.raises(Overloaded):
        room.enter(envelope("f"))
    room.answer(taken[0], _DONE)
    room.answer(taken[0], _DONE)
    assert len(room) == 4
    room.enter(envelope("f"))
    with pytest.raises(Overloaded):
        room.enter(envelope("g"))


async def test_who_was_answered_keeps_his_first_answer(room: Room) -> None:
    waiting = room.enter(envelope("a"))
    room.take(1)
    room.answer(waiting, NotFound("it"))
    room.answer(waiting, _DONE)
    with pytest.raises(NotFound):
        await waiting.answer()


async def test_those_whose_time_is_over_are_told_so_and_nobody_else(
    room: Room, clock: ManualClock
) -> None:
    early = [room.enter(envelope(name, keyed=True)) for name in "ab"]
    clock.advance(1)
    late = room.enter(envelope("c", keyed=True))
    room.put_back(room.take(2))
    clock.advance(_PATIENCE_S - 1)
    assert room.tell_late() == 2
    for waiting in early:
        with pytest.raises(DatabaseUnavailable):
            await waiting.answer()
    assert (late.is_answered, len(room), list(room.in_flight.values())) == (False, 1, [late])


def test_a_key_is_in_flight_until_its_answer(room: Room) -> None:
    waiting = room.enter(envelope("a", keyed=True))
    key = waiting.envelope.idempotency
    assert key is not None
    room.take(1)
    assert room.in_flight == {key.digest: waiting}
    room.answer(waiting, _DONE)
    assert room.in_flight == {}


async def test_at_the_end_all_that_wait_are_refused(room: Room) -> None:
    taken = room.enter(envelope("taken"))
    room.take(1)
    waiting = [room.enter(envelope(name)) for name in "ab"]
    room.refuse_all(ShuttingDown())
    for it in waiting:
        with pytest.raises(ShuttingDown):
            await it.answer()
    assert (taken.is_answered, room.wanted.is_set()) == (False, False)


async def test_one_who_hangs_up_takes_nothing_from_the_others(room: Room) -> None:
    waiting = room.enter(envelope("a"))
    room.take(1)
    askers = [asyncio.ensure_future(waiting.answer()) for _ in range(4)]
    await asyncio.sleep(0)
    askers[0].cancel()
    askers[2].cancel()
    await asyncio.sleep(0)
    room.answer(waiting, _DONE)
    told = await asyncio.gather(*askers, return_exceptions=True)
    assert [told[1], told[3]] == [_DONE, _DONE]
    assert [type(told[0]), type(told[2])] == [asyncio.CancelledError] * 2
    assert await waiting.answer() is _DONE


async def test_an_error_that_many_are_told_does_not_grow(room: Room) -> None:
    waiting = room.enter(envelope("a"))
    room.take(1)
    room.answer(waiting, NotFound("it"))
    depths = []
    for _ in range(3):
        with pytest.raises(NotFound) as told:
            await waiting.answer()
        depths.append(len(told.traceback))
    assert len(set(depths)) == 1


def test_nobody_is_settled_twice() -> None:
    waiting = Waiting(envelope("a"), 0.0)
    waiting.settle(_DONE)
    with pytest.raises(AssertionError, match="twice"):
        waiting.settle(_DONE)
