"""A reservation has exactly one end: committed (all or part), released, or expired."""

from datetime import timedelta

import pytest

from surestock.inventory.commands import (
    CommitReservation,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReservationCommand,
)
from surestock.inventory.events import (
    ReservationCommitted,
    ReservationExtended,
    ReservationReleased,
)
from surestock.inventory.model import Line
from surestock.inventory.refusals import LinesNotReserved, NotFound, ReservationResolved
from tests.inventory.book import RICE, SALT, TEA, Book, reserve, stocked

BOTH = (Line(*TEA, 4), Line(*RICE, 2))


def with_two_lines(ttl_s: int | None = None) -> tuple[Book, str]:
    book = stocked(10, TEA, RICE)
    wanted = MakeReservation(tuple(ExpectedLine(line) for line in BOTH), ttl_s=ttl_s)
    return book, book.do(wanted).id


def test_a_commit_takes_all_units_from_on_hand() -> None:
    book, held = with_two_lines()
    record = book.do(CommitReservation(held))
    assert record.events == (ReservationCommitted(held, BOTH),)
    assert book.numbers(TEA) == (6, 0, 3)
    assert book.numbers(RICE) == (8, 0, 3)
    assert book.reservations[held].status == "committed"
    assert book.reservations[held].committed == BOTH


def test_a_commit_of_a_part_releases_the_rest() -> None:
    book, held = with_two_lines()
    record = book.do(CommitReservation(held, (Line(*TEA, 3),)))
    committed, released = (Line(*TEA, 3),), (Line(*TEA, 1), Line(*RICE, 2))
    assert record.events == (ReservationCommitted(held, committed, released),)
    assert book.numbers(TEA) == (7, 0, 3)
    assert book.numbers(RICE) == (10, 0, 3)
    assert book.reservations[held].committed == committed


def test_a_line_that_is_both_committed_and_released_counts_as_one_change() -> None:
    book = stocked(10)
    held = book.do(reserve(TEA, 4)).id
    book.do(CommitReservation(held, (Line(*TEA, 3),)))
    assert book.numbers(TEA) == (7, 0, 3)


def test_naming_all_lines_is_the_same_as_naming_none() -> None:
    book, held = with_two_lines()
    assert book.do(CommitReservation(held, BOTH)).events == (ReservationCommitted(held, BOTH),)


@pytest.mark.parametrize(
    ("line", "available"),
    [(Line(*TEA, 5), 4), (Line(*SALT, 1), 0)],
    ids=["more units than it holds", "a level that it does not hold"],
)
def test_a_commit_of_what_is_not_reserved_is_refused(line: Line, available: int) -> None:
    book, held = with_two_lines()
    refusal = book.refused(LinesNotReserved, CommitReservation(held, (line,)))
    assert (refusal.line, refusal.available) == (line, available)


def test_lines_of_a_commit_that_name_one_level_twice_are_summed() -> None:
    book, held = with_two_lines()
    twice = (Line(*TEA, 1), Line(*TEA, 2))
    record = book.do(CommitReservation(held, twice))
    released = (Line(*TEA, 1), Line(*RICE, 2))
    assert record.events == (ReservationCommitted(held, (Line(*TEA, 3),), released),)
    assert book.numbers(TEA) == (7, 0, 3)


def test_a_sum_of_lines_over_what_is_reserved_is_refused_and_takes_nobody_elses_units() -> None:
    book, held = with_two_lines()
    book.do(reserve(TEA, 6))
    refusal = book.refused(
        LinesNotReserved, CommitReservation(held, (Line(*TEA, 3), Line(*TEA, 2)))
    )
    assert refusal.line == Line(*TEA, 5)


def test_a_release_gives_all_units_back() -> None:
    book, held = with_two_lines()
    record = book.do(ReleaseReservation(held))
    assert record.events == (ReservationReleased(held, BOTH),)
    assert book.numbers(TEA) == (10, 0, 3)
    assert book.numbers(RICE) == (10, 0, 3)
    assert book.reservations[held].status == "released"


def test_an_extension_touches_no_level() -> None:
    book, held = with_two_lines(ttl_s=60)
    book.clock.advance(59)
    later = book.clock.now() + timedelta(seconds=100)
    record = book.do(ExtendReservation(held, 100))
    assert record.events == (ReservationExtended(held, later),)
    assert record.levels == ()
    assert book.numbers(TEA) == (10, 4, 2)
    assert book.reservations[held].expires_at == later


def test_an_extension_can_make_the_time_shorter_or_give_an_end_to_an_endless_one() -> None:
    book, held = with_two_lines()
    book.do(ExtendReservation(held, 5))
    assert book.reservations[held].expires_at == book.clock.now() + timedelta(seconds=5)
    book.do(ExtendReservation(held, 1))
    assert book.reservations[held].expires_at == book.clock.now() + timedelta(seconds=1)


def test_an_extended_reservation_keeps_its_lines_and_its_reference() -> None:
    book = stocked(10)
    held = book.do(MakeReservation((ExpectedLine(Line(*TEA, 1)),), 60, "cart-7")).id
    book.do(ExtendReservation(held, 90))
    assert book.reservations[held].reference == "cart-7"
    assert book.reservations[held].lines == (Line(*TEA, 1),)


def each_command(held: str) -> list[ReservationCommand]:
    return [CommitReservation(held), ReleaseReservation(held), ExtendReservation(held, 60)]


@pytest.mark.parametrize("end", [0, 1], ids=["committed", "released"])
def test_after_its_end_nothing_more_can_become_of_a_reservation(end: int) -> None:
    book, held = with_two_lines()
    book.do(each_command(held)[end])
    for command in each_command(held):
        refusal = book.refused(ReservationResolved, command)
        assert refusal.reservation == book.reservations[held]


def test_an_unknown_reservation_is_not_found() -> None:
    book = stocked(10)
    for command in each_command("nobody"):
        assert "reservation nobody" in str(book.refused(NotFound, command))
