"""When several things are wrong, the answer is: existence, then the version, then the stock.

The version is compared before due expiries are applied, and a refusal shows the level as a read
at that moment would: a version that is on record, and units that can really be had.
"""

import pytest

from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CountStock,
    ExpectedLine,
    MakeReservation,
    ReserveStock,
)
from surestock.inventory.due import without_due
from surestock.inventory.model import MAX_QUANTITY, Level, Line
from surestock.inventory.refusals import (
    CountBelowReserved,
    InsufficientStock,
    LinesRefused,
    NotFound,
    QuantityLimit,
    VersionConflict,
)
from surestock.kit.errors import Refusal
from tests.inventory.book import RICE, TEA, Book, reserve, stocked

TTL_S = 60


def each_command(expected_version: int | None, units: int) -> list[Command]:
    return [
        AdjustStock(*TEA, -units, expected_version=expected_version),
        ReserveStock(*TEA, units, expected_version=expected_version),
    ]


def test_an_unknown_level_is_not_found_whatever_version_and_units_are_named() -> None:
    book = Book()
    for command in each_command(expected_version=7, units=99):
        book.refused(NotFound, command)


def test_a_wrong_version_is_a_conflict_even_when_the_units_would_not_be_there() -> None:
    book = stocked(10)
    for command in each_command(expected_version=7, units=99):
        book.refused(VersionConflict, command)
    book.do(reserve(TEA, 5))
    book.refused(VersionConflict, CountStock(*TEA, 1, expected_version=7))


def test_with_the_right_version_the_stock_decides() -> None:
    book = stocked(10)
    for command in each_command(expected_version=1, units=99):
        book.refused(InsufficientStock, command)


def half_due() -> Book:
    """Return a book with 3 units reserved for good and 4 whose time is over, at version 3."""
    book = stocked(10)
    book.do(reserve(TEA, 3))
    book.do(reserve(TEA, 4, ttl_s=TTL_S))
    book.clock.advance(TTL_S)
    return book


@pytest.mark.parametrize(
    "command",
    [
        AdjustStock(*TEA, -7, expected_version=3),
        ReserveStock(*TEA, 7, expected_version=3),
        CountStock(*TEA, 3, expected_version=3),
        MakeReservation((ExpectedLine(Line(*TEA, 7), 3),)),
    ],
    ids=lambda command: type(command).__name__,
)
def test_who_read_the_true_number_is_not_refused_because_a_timer_ran_out(
    command: Command,
) -> None:
    book = half_due()
    record = book.do(command)
    assert len(record.events) == 2
    assert book.stock(TEA).version == 4


def shown(refusal: Refusal) -> Level:
    if isinstance(refusal, LinesRefused):
        refusal = refusal.faults[0].cause
    current: Level = getattr(refusal, "current")  # noqa: B009 - each of these kinds has one
    return current


@pytest.mark.parametrize(
    ("kind", "command"),
    [
        (InsufficientStock, AdjustStock(*TEA, -8)),
        (InsufficientStock, ReserveStock(*TEA, 8)),
        (CountBelowReserved, CountStock(*TEA, 2)),
        (QuantityLimit, AdjustStock(*TEA, MAX_QUANTITY)),
        (LinesRefused, MakeReservation((ExpectedLine(Line(*TEA, 8)),))),
        (VersionConflict, AdjustStock(*TEA, 1, expected_version=2)),
        (VersionConflict, CountStock(*TEA, 1, must_not_exist=True)),
        (LinesRefused, MakeReservation((ExpectedLine(Line(*TEA, 8), 2),))),
    ],
)
def test_a_refusal_shows_the_level_as_a_read_would(kind: type[Refusal], command: Command) -> None:
    book = half_due()
    read = without_due(book, book.stock(TEA), book.clock.now())
    assert (read.reserved, read.version) == (3, 3)
    assert shown(book.refused(kind, command)) == read


def test_the_version_in_a_refusal_is_one_that_the_next_try_can_name() -> None:
    book = half_due()
    refusal = book.refused(InsufficientStock, AdjustStock(*TEA, -8))
    version = refusal.current.version
    book.do(AdjustStock(*TEA, -refusal.available, expected_version=version))
    assert book.numbers(TEA) == (3, 3, 4)


def test_a_line_that_fails_does_not_stop_the_others_from_being_looked_at() -> None:
    book = stocked(10, TEA, RICE)
    wanted = (ExpectedLine(Line("east", "gone", 1)), ExpectedLine(Line(*RICE, 99)))
    refusal = book.refused(LinesRefused, MakeReservation(wanted))
    assert book.faults(refusal) == {("east", "gone"): NotFound, RICE: InsufficientStock}
