"""A reservation sets stock aside: all of its lines, or none."""

from datetime import timedelta

import pytest

from surestock.inventory.commands import AdjustStock, ExpectedLine, MakeReservation
from surestock.inventory.events import StockReserved
from surestock.inventory.model import Line, Reservation, StockKey
from surestock.inventory.refusals import (
    InsufficientStock,
    LinesRefused,
    NotFound,
    VersionConflict,
)
from tests.inventory.book import RICE, SALT, TEA, Book, reserve, stocked


def lines(*wanted: tuple[StockKey, int] | tuple[StockKey, int, int | None]) -> MakeReservation:
    return MakeReservation(
        tuple(ExpectedLine(Line(*each[0], each[1]), *each[2:]) for each in wanted)
    )


def test_reserved_units_stay_on_hand_and_are_no_longer_available() -> None:
    book = stocked(10)
    record = book.do(reserve(TEA, 4))
    assert record.events == (StockReserved("r2", (Line(*TEA, 4),)),)
    assert book.numbers(TEA) == (10, 4, 2)
    assert book.stock(TEA).available == 6
    assert book.held(record) == Reservation("r2", (Line(*TEA, 4),), "active")


def test_a_reservation_with_a_time_to_live_says_when_it_expires() -> None:
    book = stocked(10)
    record = book.do(reserve(TEA, 4, ttl_s=90))
    assert book.held(record).expires_at == book.clock.now() + timedelta(seconds=90)


def test_the_last_unit_can_be_reserved_and_not_one_more() -> None:
    book = stocked(10)
    book.do(reserve(TEA, 10))
    refusal = book.refused(InsufficientStock, reserve(TEA, 1))
    assert (refusal.available, refusal.requested, refusal.current) == (0, 1, book.stock(TEA))


def test_an_unknown_level_cannot_be_reserved() -> None:
    Book().refused(NotFound, reserve(TEA, 1))
    Book().refused(LinesRefused, lines((TEA, 1)))


def test_all_lines_are_reserved_in_one_record_over_several_stores() -> None:
    book = stocked(10, TEA, RICE, SALT)
    record = book.do(lines((RICE, 2), (TEA, 1)))
    assert len(record.events) == 1
    assert {level.key: level.reserved for level in record.levels} == {RICE: 2, TEA: 1}
    assert book.numbers(RICE) == (10, 2, 2)
    assert book.numbers(TEA) == (10, 1, 2)
    assert book.numbers(SALT) == (10, 0, 1)


def test_one_short_line_and_nothing_is_reserved() -> None:
    book = stocked(10, TEA, RICE)
    refusal = book.refused(LinesRefused, lines((TEA, 10), (RICE, 11)))
    assert book.faults(refusal) == {RICE: InsufficientStock}
    assert str(refusal) == "1 of 2 lines cannot be reserved, so none was."


def test_every_line_that_fails_is_listed_each_with_the_refusal_it_would_have_got_alone() -> None:
    book = stocked(10, TEA, RICE)
    book.do(AdjustStock(*RICE, 1))
    wanted = lines((("east", "gone"), 1), (RICE, 1, 1), (TEA, 11), (SALT, 1))
    refusal = book.refused(LinesRefused, wanted)
    assert book.faults(refusal) == {
        ("east", "gone"): NotFound,
        SALT: NotFound,
        RICE: VersionConflict,
        TEA: InsufficientStock,
    }


def test_a_line_with_a_wrong_version_and_too_few_units_is_a_version_conflict() -> None:
    book = stocked(10)
    refusal = book.refused(LinesRefused, lines((TEA, 99, 7)))
    assert book.faults(refusal) == {TEA: VersionConflict}


def test_lines_with_the_right_versions_are_reserved() -> None:
    book = stocked(10, TEA, RICE)
    book.do(AdjustStock(*RICE, 1))
    book.do(lines((TEA, 1, 1), (RICE, 1, 2)))
    assert book.numbers(TEA) == (10, 1, 2)
    assert book.numbers(RICE) == (11, 1, 3)


def test_a_remembered_refusal_of_lines_keeps_no_frames_alive() -> None:
    book = stocked(10, TEA)
    refusal = book.refused(LinesRefused, lines((TEA, 11), (RICE, 1)))
    assert [fault.cause.__traceback__ for fault in refusal.faults] == [None, None]


@pytest.mark.parametrize("reference", [None, "cart-7"])
def test_a_reservation_keeps_the_reference_it_was_made_with(reference: str | None) -> None:
    book = stocked(10)
    wanted = MakeReservation((ExpectedLine(Line(*TEA, 1)),), reference=reference)
    assert book.held(book.do(wanted)).reference == reference
