"""An expired reservation stops counting at once, and the next decision on its SKU records that."""

import pytest

from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExpireReservations,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
)
from surestock.inventory.due import as_of, without_due
from surestock.inventory.events import (
    ReservationCommitted,
    ReservationExpired,
    StockAdjusted,
    StockReserved,
)
from surestock.inventory.model import Line, StockKey
from surestock.inventory.refusals import ReservationResolved
from surestock.ledger.event import Event
from tests.inventory.book import RICE, SALT, TEA, Book, reserve, stocked

TTL_S = 60


def kinds(events: tuple[Event, ...]) -> list[type[Event]]:
    return [type(event) for event in events]


def reserved_over(ttl_s: int, *keys: StockKey) -> tuple[Book, str]:
    """Return a book in which 4 of 10 units of every key belong to one reservation."""
    book = stocked(10, *keys)
    wanted = tuple(ExpectedLine(Line(*key, 4)) for key in keys)
    return book, book.do(MakeReservation(wanted, ttl_s=ttl_s)).id


@pytest.mark.parametrize(("elapsed_s", "available"), [(59.999999, 6), (60, 10), (61, 10)])
def test_reserved_units_are_free_again_at_the_very_moment_of_expiry(
    elapsed_s: float, available: int
) -> None:
    book, _ = reserved_over(TTL_S, TEA)
    book.clock.advance(elapsed_s)
    seen = without_due(book, book.stock(TEA), book.clock.now())
    assert seen.available == available


def test_a_read_subtracts_what_is_due_and_changes_neither_version_nor_record() -> None:
    book, _ = reserved_over(TTL_S, TEA)
    book.clock.advance(TTL_S)
    on_record = book.stock(TEA)
    seen = without_due(book, on_record, book.clock.now())
    assert (seen.reserved, seen.version) == (0, on_record.version)
    assert seen.updated_at == on_record.updated_at
    assert book.numbers(TEA) == (10, 4, 2)


def test_a_read_shows_a_due_reservation_as_expired_and_a_resolved_one_as_it_ended() -> None:
    book, held = reserved_over(TTL_S, TEA)
    assert as_of(book.reservations[held], book.clock.now()).status == "active"
    book.clock.advance(TTL_S)
    assert as_of(book.reservations[held], book.clock.now()).status == "expired"
    other = book.do(reserve(TEA, 1, ttl_s=5)).id
    book.do(CommitReservation(other))
    book.clock.advance(TTL_S)
    assert as_of(book.reservations[other], book.clock.now()).status == "committed"


@pytest.mark.parametrize(
    ("command", "on_hand"),
    [
        (AdjustStock(*TEA, -10), 0),
        (CountStock(*TEA, 3), 3),
        (reserve(TEA, 10), 10),
        (MakeReservation((ExpectedLine(Line(*TEA, 10)),)), 10),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else "",
)
def test_the_next_decision_on_the_sku_records_the_expiry_first_and_counts_on_it(
    command: Command, on_hand: int
) -> None:
    book, held = reserved_over(TTL_S, TEA)
    book.clock.advance(TTL_S)
    record = book.do(command)
    assert record.events[0] == ReservationExpired(held, (Line(*TEA, 4),))
    assert len(record.events) == 2
    assert book.stock(TEA).on_hand == on_hand
    assert book.reservations[held].status == "expired"


def test_expiries_and_the_command_are_one_record_and_raise_the_version_by_1() -> None:
    book = stocked(10)
    for _ in range(3):
        book.do(reserve(TEA, 1, ttl_s=TTL_S))
    book.clock.advance(TTL_S)
    record = book.do(AdjustStock(*TEA, 1))
    assert kinds(record.events) == [ReservationExpired] * 3 + [StockAdjusted]
    assert book.numbers(TEA) == (11, 0, 5)


def test_an_expiry_moves_the_levels_of_the_reservations_other_lines_in_the_same_record() -> None:
    book, _ = reserved_over(TTL_S, TEA, RICE)
    book.clock.advance(TTL_S)
    record = book.do(AdjustStock(*TEA, 1))
    assert {level.key for level in record.levels} == {TEA, RICE}
    assert book.numbers(TEA) == (11, 0, 3)
    assert book.numbers(RICE) == (10, 0, 3)


def test_an_expiry_on_another_sku_waits_for_a_decision_there() -> None:
    book, held = reserved_over(TTL_S, TEA)
    book.do(CountStock(*RICE, 1))
    book.clock.advance(TTL_S)
    assert len(book.do(AdjustStock(*RICE, 1)).events) == 1
    assert book.reservations[held].status == "active"


def test_a_reservation_that_is_due_on_two_of_the_lines_expires_once() -> None:
    book, held = reserved_over(TTL_S, TEA, RICE)
    book.clock.advance(TTL_S)
    wanted = MakeReservation((ExpectedLine(Line(*TEA, 10)), ExpectedLine(Line(*RICE, 10))))
    record = book.do(wanted)
    assert kinds(record.events) == [ReservationExpired, StockReserved]
    assert book.numbers(TEA) == (10, 10, 3)
    assert book.reservations[held].status == "expired"


def test_expiries_on_the_lines_of_a_reservation_are_recorded_when_it_is_committed() -> None:
    book, held = reserved_over(TTL_S, TEA, RICE)
    book.clock.advance(TTL_S - 1)
    endless = book.do(MakeReservation((ExpectedLine(Line(*RICE, 1)),))).id
    book.clock.advance(1)
    record = book.do(CommitReservation(endless))
    assert record.events == (
        ReservationExpired(held, (Line(*TEA, 4), Line(*RICE, 4))),
        ReservationCommitted(endless, (Line(*RICE, 1),)),
    )
    assert book.numbers(RICE) == (9, 0, 4)
    assert book.numbers(TEA) == (10, 0, 3)


def test_a_due_reservation_has_had_its_end_for_every_command() -> None:
    book, held = reserved_over(TTL_S, TEA)
    book.clock.advance(TTL_S)
    for command in (
        CommitReservation(held),
        ReleaseReservation(held),
        ExtendReservation(held, TTL_S),
    ):
        assert book.refused(ReservationResolved, command).reservation.status == "expired"
    book.do(ExpireReservations(*TEA))
    for command in (
        CommitReservation(held),
        ReleaseReservation(held),
        ExtendReservation(held, TTL_S),
    ):
        assert book.refused(ReservationResolved, command).reservation.status == "expired"


def test_an_extended_reservation_expires_at_its_new_time() -> None:
    book, held = reserved_over(TTL_S, TEA)
    book.do(ExtendReservation(held, 2 * TTL_S))
    book.clock.advance(TTL_S)
    assert len(book.do(AdjustStock(*TEA, 1)).events) == 1
    book.clock.advance(TTL_S)
    assert len(book.do(AdjustStock(*TEA, 1)).events) == 2


def test_a_reservation_without_a_time_to_live_never_expires() -> None:
    book = stocked(10)
    held = book.do(reserve(TEA, 4)).id
    book.clock.advance(100 * 365 * 24 * 3600)
    book.do(AdjustStock(*TEA, 1))
    assert book.reservations[held].status == "active"


def test_the_service_can_record_an_expiry_by_itself() -> None:
    book, held = reserved_over(TTL_S, TEA, SALT)
    book.clock.advance(TTL_S)
    record = book.do(ExpireReservations(*SALT))
    assert kinds(record.events) == [ReservationExpired]
    assert book.numbers(TEA) == (10, 0, 3)
    assert book.reservations[held].status == "expired"


def test_recording_what_is_due_when_nothing_is_has_no_events_and_touches_no_level() -> None:
    book, _ = reserved_over(TTL_S, TEA)
    record = book.do(ExpireReservations(*TEA))
    assert (record.events, record.levels) == ((), ())
