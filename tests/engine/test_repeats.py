"""Every engine: the same key and payload is one effect and one answer, byte for byte."""

import asyncio

import pytest

from surestock.idempotency import IdempotencyConflict, make_key, row_key
from surestock.inventory.commands import AdjustStock, Command, CountStock, ReserveStock
from surestock.inventory.refusals import InsufficientStock
from surestock.ledger.port import Outcome
from tests.engine.desk import TEA, Desk, key
from tests.engine.engines import IDEMPOTENCY_TTL, REFUSALS

TAKE = AdjustStock(*TEA, -4)
TAKE_ALL = AdjustStock(*TEA, -99)
TTL_S = IDEMPOTENCY_TTL.total_seconds()


async def test_a_repeat_has_no_effect_and_gets_the_first_answer_byte_for_byte(desk: Desk) -> None:
    await desk.stock(10, TEA)
    first = await desk.do(TAKE, key(TAKE))
    await desk.do(AdjustStock(*TEA, 1))
    desk.clock.advance(60)
    again = await desk.do(TAKE, key(TAKE))
    assert (first.replayed, again.replayed) == (False, True)
    assert bytes(again.reply.body) == bytes(first.reply.body)
    assert (again.reply, again.sequence) == (first.reply, first.sequence)
    assert await desk.numbers(TEA) == (7, 0, 3)


@pytest.mark.parametrize(
    "command",
    [CountStock(*TEA, 3), ReserveStock(*TEA, 2), ReserveStock(*TEA, 2, ttl_s=60)],
    ids=["count", "reserve", "reserve with a time to live"],
)
async def test_a_replay_tells_all_that_the_first_answer_told(desk: Desk, command: Command) -> None:
    await desk.stock(10, TEA)
    first = await desk.do(command, key(command))
    assert (await desk.do(command, key(command))).reply == first.reply


async def test_the_same_key_with_another_payload_is_a_conflict_and_never_executes(
    desk: Desk,
) -> None:
    await desk.stock(10, TEA)
    await desk.do(TAKE, key(TAKE))
    await desk.refused(IdempotencyConflict, TAKE_ALL, key(TAKE_ALL))
    await desk.refused(IdempotencyConflict, AdjustStock(*TEA, 1), key(AdjustStock(*TEA, 1)))
    assert (await desk.do(TAKE, key(TAKE))).replayed
    assert await desk.numbers(TEA) == (6, 0, 2)


async def test_another_clients_key_is_another_key(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.do(TAKE, key(TAKE, client="ann"))
    other = await desk.do(TAKE, key(TAKE, client="bob"))
    assert not other.replayed
    assert await desk.numbers(TEA) == (2, 0, 3)


async def test_a_refusal_is_the_answer_to_its_key_though_the_state_has_changed(desk: Desk) -> None:
    await desk.stock(10, TEA)
    first = await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL))
    await desk.do(CountStock(*TEA, 99))
    again = await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL))
    assert str(again) == str(first)
    assert again.request_id == first.request_id == "req-2"
    assert (again.available, again.requested, again.current) == (10, 99, first.current)
    assert await desk.numbers(TEA) == (99, 0, 2)


async def test_a_refused_key_with_another_payload_is_a_conflict(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL))
    await desk.refused(IdempotencyConflict, TAKE, key(TAKE))
    await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL))


async def test_refusals_are_remembered_within_a_bound(desk: Desk, engine_name: str) -> None:
    if engine_name == "three on a log":
        pytest.skip("each of the three has a bound of its own")
    await desk.stock(10, TEA)
    for n in range(REFUSALS + 1):
        await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL, f"k-{n}"))
    await desk.do(CountStock(*TEA, 99))
    await desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL, "k-1"))
    assert not (await desk.do(TAKE_ALL, key(TAKE_ALL, "k-0"))).replayed


async def test_a_key_is_remembered_for_the_whole_ttl_and_no_longer(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.do(TAKE, key(TAKE))
    desk.clock.advance(TTL_S - 0.000001)
    assert (await desk.do(TAKE, key(TAKE))).replayed
    desk.clock.advance(0.000001)
    other = AdjustStock(*TEA, -1)
    assert not (await desk.do(other, key(other))).replayed
    assert await desk.numbers(TEA) == (5, 0, 3)
    await desk.refused(IdempotencyConflict, TAKE, key(TAKE))


async def test_a_key_that_is_over_is_used_by_one_of_many_at_once(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.do(TAKE, key(TAKE))
    desk.clock.advance(TTL_S)
    answers = await asyncio.gather(*(desk.do(TAKE, key(TAKE)) for _ in range(8)))
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert await desk.numbers(TEA) == (2, 0, 3)


async def test_of_many_at_once_one_is_carried_out_and_all_get_its_answer(desk: Desk) -> None:
    await desk.stock(10, TEA)
    answers = await asyncio.gather(*(desk.do(TAKE, key(TAKE)) for _ in range(16)))
    assert len({bytes(answer.reply.body) for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 15
    assert await desk.numbers(TEA) == (6, 0, 2)


async def test_of_many_refused_at_once_all_get_the_same_refusal(desk: Desk) -> None:
    await desk.stock(10, TEA)
    tries = (desk.refused(InsufficientStock, TAKE_ALL, key(TAKE_ALL)) for _ in range(16))
    refusals = await asyncio.gather(*tries)
    assert {refusal.request_id for refusal in refusals} == {refusals[0].request_id}


async def test_other_payloads_under_the_same_key_at_once_have_one_winner(desk: Desk) -> None:
    await desk.stock(10, TEA)
    deltas = [AdjustStock(*TEA, delta) for delta in range(1, 9)]
    answers = await asyncio.gather(
        *(desk.do(each, key(each)) for each in deltas), return_exceptions=True
    )
    assert sum(isinstance(answer, Outcome) for answer in answers) == 1
    assert sum(isinstance(answer, IdempotencyConflict) for answer in answers) == 7
    assert (await desk.level(TEA)).version == 2


async def test_rows_under_the_same_key_in_one_batch_are_one_effect(desk: Desk) -> None:
    await desk.stock(10, TEA)
    rows = [desk.envelope(TAKE, key(TAKE)) for _ in range(3)]
    answers = await desk.engine.transact_each(rows)
    assert [getattr(answer, "replayed", None) for answer in answers] == [False, True, True]
    assert await desk.numbers(TEA) == (6, 0, 2)


async def test_a_batch_that_is_sent_again_is_replayed_row_by_row(desk: Desk) -> None:
    await desk.stock(10, TEA)
    batch = make_key("ann", "POST", "/batch", "b-1", "f")
    commands = [AdjustStock(*TEA, 1), AdjustStock(*TEA, -99), AdjustStock(*TEA, 2)]
    for times in range(2):
        await desk.engine.check_batch(batch)
        rows = [desk.envelope(each, row_key(batch, n)) for n, each in enumerate(commands)]
        answers = await desk.engine.transact_each(rows)
        assert [getattr(answer, "replayed", None) for answer in answers] == [
            bool(times),
            None,
            bool(times),
        ]
    assert await desk.numbers(TEA) == (13, 0, 3)


async def test_a_batch_key_for_another_batch_is_a_conflict(desk: Desk) -> None:
    await desk.stock(10, TEA)
    batch = make_key("ann", "POST", "/batch", "b-1", "f")
    await desk.engine.check_batch(batch)
    await desk.do(TAKE, row_key(batch, 0))
    await desk.engine.check_batch(batch)
    with pytest.raises(IdempotencyConflict):
        await desk.engine.check_batch(make_key("ann", "POST", "/batch", "b-1", "other"))
    await desk.engine.check_batch(make_key("bob", "POST", "/batch", "b-1", "other"))
    desk.clock.advance(TTL_S)
    await desk.engine.check_batch(make_key("ann", "POST", "/batch", "b-1", "other"))


async def test_of_two_batches_under_one_key_at_once_only_one_is_carried_out(desk: Desk) -> None:
    await desk.stock(10, TEA)

    async def send(fingerprint: str, rows: int) -> int:
        batch = make_key("ann", "POST", "/batch", "b-1", fingerprint)
        await desk.engine.check_batch(batch)
        take = AdjustStock(*TEA, -1)
        sent = [desk.envelope(take, row_key(batch, n)) for n in range(rows)]
        return len(await desk.engine.transact_each(sent))

    answers = await asyncio.gather(send("f", 1), send("other", 3), return_exceptions=True)
    (carried_out,) = [rows for rows in answers if isinstance(rows, int)]
    (refused,) = [error for error in answers if isinstance(error, BaseException)]
    assert isinstance(refused, IdempotencyConflict)
    assert await desk.numbers(TEA) == (10 - carried_out, 0, 1 + carried_out)


async def test_a_batch_of_which_every_row_was_refused_keeps_its_key(desk: Desk) -> None:
    await desk.stock(10, TEA)
    batch = make_key("ann", "POST", "/batch", "b-1", "f")
    await desk.engine.check_batch(batch)
    refused = await desk.engine.transact_each([desk.envelope(TAKE_ALL, row_key(batch, 0))])
    assert isinstance(refused[0], InsufficientStock)
    await desk.engine.check_batch(batch)
    with pytest.raises(IdempotencyConflict):
        await desk.engine.check_batch(make_key("ann", "POST", "/batch", "b-1", "other"))
