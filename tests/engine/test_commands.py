"""Every engine: an accepted command is a record and an answer, a refused one changes nothing."""

import pytest

from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.model import Line
from surestock.inventory.refusals import (
    CountBelowReserved,
    InsufficientStock,
    LinesNotReserved,
    LinesRefused,
    NotFound,
    ReservationResolved,
    VersionConflict,
)
from surestock.kit.errors import Refusal
from tests.engine.desk import RICE, TEA, Desk, body


async def test_an_engine_without_records_is_empty_and_well(desk: Desk) -> None:
    status = desk.engine.status()
    assert (status.sequence, status.queue_depth, status.read_only, status.reasons) == (
        0,
        0,
        False,
        (),
    )
    assert await desk.engine.find_level(TEA) is None
    assert await desk.engine.find_reservation("nobody") is None
    assert await desk.records() == []


async def test_an_accepted_command_tells_its_sequence_and_can_be_read_at_once(desk: Desk) -> None:
    outcome = await desk.do(CountStock(*TEA, 10))
    assert (outcome.sequence, outcome.replayed, outcome.reply.created) == (1, False, True)
    assert body(outcome)["qty"] == 10
    assert body(outcome)["sequence"] == 1
    assert await desk.numbers(TEA) == (10, 0, 1)
    assert desk.engine.status().sequence == 1


async def test_every_kind_of_command_is_carried_out(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    await desk.do(AdjustStock(*TEA, 5))
    first = await desk.reserve(TEA, 4)
    lines = (ExpectedLine(Line(*TEA, 2)), ExpectedLine(Line(*RICE, 3)))
    made = await desk.do(MakeReservation(lines))
    second = made.reply.reservation_id
    assert second is not None
    assert await desk.numbers(TEA) == (15, 6, 4)
    await desk.do(ExtendReservation(first, 60))
    await desk.do(CommitReservation(first, (Line(*TEA, 1),)))
    await desk.do(ReleaseReservation(second))
    assert await desk.numbers(TEA) == (14, 0, 6)
    assert await desk.numbers(RICE) == (10, 0, 3)
    assert await desk.status_of(first) == "committed"
    assert await desk.status_of(second) == "released"
    assert desk.engine.status().sequence == 8


async def test_a_reservation_is_named_alike_in_its_answer_and_where_it_is_read(desk: Desk) -> None:
    await desk.stock(10, TEA)
    outcome = await desk.do(ReserveStock(*TEA, 4, ttl_s=60, reference="cart-7"))
    name = body(outcome)["reservationId"]
    assert name == outcome.reply.reservation_id
    held = await desk.engine.find_reservation(name)
    assert held is not None
    assert (held.reference, held.lines, held.status) == ("cart-7", (Line(*TEA, 4),), "active")


REFUSED: list[tuple[type[Refusal], Command]] = [
    (NotFound, AdjustStock("east", "gone", 1)),
    (NotFound, ReleaseReservation("nobody")),
    (NotFound, CountStock("east", "gone", 1, must_exist=True)),
    (VersionConflict, AdjustStock(*TEA, 1, expected_version=1)),
    (VersionConflict, CountStock(*TEA, 1, must_not_exist=True)),
    (InsufficientStock, AdjustStock(*TEA, -7)),
    (InsufficientStock, ReserveStock(*TEA, 7)),
    (CountBelowReserved, CountStock(*TEA, 3)),
    (LinesRefused, MakeReservation((ExpectedLine(Line(*TEA, 1)), ExpectedLine(Line(*RICE, 1))))),
]


@pytest.mark.parametrize(("kind", "command"), REFUSED)
async def test_a_refused_command_changes_nothing_and_writes_nothing(
    desk: Desk, kind: type[Refusal], command: Command
) -> None:
    await desk.stock(10, TEA)
    await desk.reserve(TEA, 4)
    refusal = await desk.refused(kind, command)
    assert refusal.request_id == "req-3"
    assert await desk.numbers(TEA) == (10, 4, 2)
    assert len(await desk.records()) == 2
    assert desk.engine.status().sequence == 2


async def test_a_reservation_that_has_ended_stays_ended(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4)
    await desk.refused(LinesNotReserved, CommitReservation(held, (Line(*TEA, 5),)))
    await desk.do(CommitReservation(held))
    for command in (CommitReservation(held), ReleaseReservation(held), ExtendReservation(held, 9)):
        refusal = await desk.refused(ReservationResolved, command)
        assert refusal.reservation.status == "committed"
    assert await desk.numbers(TEA) == (6, 0, 3)


async def test_rows_that_stand_alone_get_an_answer_each_in_their_order(desk: Desk) -> None:
    await desk.stock(10, TEA)
    commands: list[Command] = [
        AdjustStock(*TEA, -4),
        AdjustStock("east", "gone", 1),
        AdjustStock(*TEA, -7),
        AdjustStock(*TEA, -6),
        CountStock(*RICE, 1),
    ]
    answers = await desk.engine.transact_each([desk.envelope(each) for each in commands])
    kinds = [type(answer).__name__ for answer in answers]
    assert kinds == ["Outcome", "NotFound", "InsufficientStock", "Outcome", "Outcome"]
    assert await desk.numbers(TEA) == (0, 0, 3)
    assert [record.sequence for record in await desk.records()] == [1, 2, 3, 4]


async def test_no_rows_get_no_answers(desk: Desk) -> None:
    assert await desk.engine.transact_each([]) == []


async def test_many_rows_are_as_many_records(desk: Desk) -> None:
    await desk.stock(0, TEA)
    rows = [desk.envelope(AdjustStock(*TEA, 1)) for _ in range(1000)]
    answers = await desk.engine.transact_each(rows)
    assert [answer.sequence for answer in answers if not isinstance(answer, Exception)] == list(
        range(2, 1002)
    )
    assert await desk.numbers(TEA) == (1000, 0, 1001)
