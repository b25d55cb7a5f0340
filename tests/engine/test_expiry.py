"""Every engine: a reservation stops counting when its time is over, and that gets recorded once."""

import asyncio

import pytest

from surestock.inventory.commands import (
    AdjustStock,
    CommitReservation,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.events import ReservationExpired, StockAdjusted
from surestock.inventory.model import Line, StockKey
from surestock.inventory.refusals import InsufficientStock, ReservationResolved
from tests.engine.desk import RICE, TEA, Desk

TTL_S = 60


async def over(desk: Desk, *keys: StockKey, ttl_s: int = TTL_S) -> str:
    """Reserve 4 units of every key in one reservation; return its id."""
    wanted = tuple(ExpectedLine(Line(*key, 4)) for key in keys)
    outcome = await desk.do(MakeReservation(wanted, ttl_s=ttl_s))
    assert outcome.reply.reservation_id is not None
    return outcome.reply.reservation_id


async def test_a_due_reservation_no_longer_counts_though_nothing_was_recorded(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S - 0.000001)
    assert (await desk.numbers(TEA), await desk.status_of(held)) == ((10, 4, 2), "active")
    desk.clock.advance(0.000001)
    assert (await desk.numbers(TEA), await desk.status_of(held)) == ((10, 0, 2), "expired")
    assert len(await desk.records()) == 2


async def test_the_next_decision_on_the_sku_records_the_expiry_with_itself(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    held = await over(desk, TEA, RICE)
    desk.clock.advance(TTL_S)
    await desk.do(AdjustStock(*TEA, -10))
    record = (await desk.records())[-1]
    assert record.events == (
        ReservationExpired(held, (Line(*TEA, 4), Line(*RICE, 4))),
        StockAdjusted(*TEA, -10),
    )
    assert await desk.numbers(TEA) == (0, 0, 3)
    assert await desk.numbers(RICE) == (10, 0, 3)


async def test_a_refusal_does_not_record_the_expiry(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S)
    refusal = await desk.refused(InsufficientStock, AdjustStock(*TEA, -11))
    assert refusal.current == await desk.level(TEA)
    assert len(await desk.records()) == 2


async def test_a_due_reservation_can_no_longer_be_used(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S)
    for command in (CommitReservation(held), ReleaseReservation(held), ExtendReservation(held, 9)):
        refusal = await desk.refused(ReservationResolved, command)
        assert refusal.reservation.status == "expired"


async def test_sweeping_records_what_is_due_once_a_reservation(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    both = await over(desk, TEA, RICE)
    one = await desk.reserve(RICE, 1, TTL_S)
    later = await desk.reserve(TEA, 1, 2 * TTL_S)
    assert await desk.engine.expire_due() == 0
    desk.clock.advance(TTL_S)
    assert await desk.engine.expire_due() == 2
    expired = [
        event.reservation_id
        for record in await desk.records()
        for event in record.events
        if isinstance(event, ReservationExpired)
    ]
    assert sorted(expired) == sorted([both, one])
    assert await desk.numbers(TEA) == (10, 1, 4)
    assert (await desk.numbers(RICE))[:2] == (10, 0)
    assert await desk.status_of(later) == "active"


async def test_sweeping_again_records_nothing(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    await over(desk, TEA, RICE)
    desk.clock.advance(TTL_S)
    await desk.engine.expire_due()
    records = len(await desk.records())
    assert await desk.engine.expire_due() == 0
    assert len(await desk.records()) == records


async def test_what_a_sweep_records_is_the_services_own_doing(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S)
    await desk.engine.expire_due()
    record = (await desk.records())[-1]
    assert record.actor == "surestock"
    assert record.idempotency is None


async def test_an_extended_reservation_lives_until_its_new_time(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S - 1)
    await desk.do(ExtendReservation(held, TTL_S))
    desk.clock.advance(TTL_S - 1)
    assert await desk.engine.expire_due() == 0
    assert (await desk.numbers(TEA), await desk.status_of(held)) == ((10, 4, 2), "active")
    desk.clock.advance(1)
    assert (await desk.numbers(TEA), await desk.status_of(held)) == ((10, 0, 2), "expired")
    assert await desk.engine.expire_due() == 1


async def test_a_shortened_reservation_ends_at_its_new_time(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4)
    await desk.do(ExtendReservation(held, 1))
    desk.clock.advance(1)
    assert await desk.status_of(held) == "expired"
    assert await desk.engine.expire_due() == 1


@pytest.mark.parametrize("end", [CommitReservation, ReleaseReservation])
async def test_a_reservation_that_ended_in_time_never_expires(
    desk: Desk, end: type[CommitReservation | ReleaseReservation]
) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    await desk.do(end(held))
    ended = await desk.status_of(held)
    desk.clock.advance(TTL_S)
    assert await desk.engine.expire_due() == 0
    assert await desk.status_of(held) == ended


async def test_who_extends_in_time_never_sees_an_end_that_did_not_come(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S - 1)
    extending = asyncio.create_task(desk.do(ExtendReservation(held, TTL_S)))
    await desk.decided(extending)
    desk.clock.advance(1)
    seen, reserved = await desk.status_of(held), (await desk.level(TEA)).reserved
    await extending
    assert (seen, reserved) == ("active", 4)
    assert await desk.status_of(held) == "active"


async def test_who_commits_in_time_never_sees_an_end_that_did_not_come(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, TTL_S)
    desk.clock.advance(TTL_S - 1)
    committing = asyncio.create_task(desk.do(CommitReservation(held)))
    await desk.decided(committing)
    desk.clock.advance(1)
    seen = await desk.status_of(held)
    await committing
    assert seen in {"active", "committed"}
    assert await desk.status_of(held) == "committed"


async def test_a_thousand_reservations_expire_by_one_decision(desk: Desk) -> None:
    await desk.stock(1000, TEA)
    rows = [desk.envelope(ReserveStock(*TEA, 1, ttl_s=TTL_S)) for _ in range(1000)]
    await desk.engine.transact_each(rows)
    desk.clock.advance(TTL_S)
    await desk.do(AdjustStock(*TEA, -1000))
    assert await desk.numbers(TEA) == (0, 0, 1002)
