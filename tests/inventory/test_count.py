"""A count sets on-hand to what was found on the shelf, and opens a level that was not known."""

import pytest

from surestock.inventory.commands import CountStock
from surestock.inventory.events import StockCounted
from surestock.inventory.model import Level
from surestock.inventory.refusals import CountBelowReserved, NotFound, VersionConflict
from tests.inventory.book import TEA, Book, reserve, stocked


def test_the_first_count_opens_the_level_at_version_1() -> None:
    book = Book()
    record = book.do(CountStock(*TEA, 12, reason="delivery"))
    assert record.events == (StockCounted(*TEA, on_hand=12, delta=12, reason="delivery"),)
    assert record.levels == (Level(*TEA, 12, 0, 1, book.clock.now()),)


def test_a_level_can_be_opened_empty() -> None:
    assert stocked(0).numbers(TEA) == (0, 0, 1)


def test_a_later_count_tells_the_difference_from_the_book() -> None:
    book = stocked(12)
    record = book.do(CountStock(*TEA, 9))
    assert record.events == (StockCounted(*TEA, on_hand=9, delta=-3),)
    assert book.numbers(TEA) == (9, 0, 2)


def test_a_count_that_finds_what_the_book_says_is_a_fact_and_raises_the_version() -> None:
    book = stocked(12)
    record = book.do(CountStock(*TEA, 12))
    assert record.events == (StockCounted(*TEA, on_hand=12, delta=0),)
    assert book.numbers(TEA) == (12, 0, 2)


def test_a_count_leaves_what_is_reserved_as_it_is() -> None:
    book = stocked(12)
    book.do(reserve(TEA, 5))
    book.do(CountStock(*TEA, 5))
    assert book.numbers(TEA) == (5, 5, 3)
    assert book.stock(TEA).available == 0


def test_a_count_below_what_is_reserved_is_refused() -> None:
    book = stocked(12)
    book.do(reserve(TEA, 5))
    refusal = book.refused(CountBelowReserved, CountStock(*TEA, 4))
    assert refusal.current == book.stock(TEA)
    assert (refusal.available, refusal.requested) == (7, 8)
    assert "5 units of SKU tea in store east are reserved" in str(refusal)


def test_a_count_with_the_right_version_is_taken() -> None:
    book = stocked(12)
    book.do(CountStock(*TEA, 9, expected_version=1))
    assert book.numbers(TEA) == (9, 0, 2)


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_a_count_with_another_version_is_refused_with_the_level_as_it_is(expected: int) -> None:
    book = stocked(12)
    book.do(CountStock(*TEA, 13))
    refusal = book.refused(VersionConflict, CountStock(*TEA, 9, expected_version=expected))
    assert refusal.expected_version == expected
    assert refusal.current == book.stock(TEA)


def test_a_count_that_must_open_the_level_is_refused_when_it_is_known() -> None:
    book = stocked(12)
    refusal = book.refused(VersionConflict, CountStock(*TEA, 9, must_not_exist=True))
    assert refusal.expected_version is None
    assert refusal.current == book.stock(TEA)
    assert "expected to be new" in str(refusal)


def test_a_count_that_must_open_the_level_opens_it() -> None:
    book = Book()
    book.do(CountStock(*TEA, 9, must_not_exist=True))
    assert book.numbers(TEA) == (9, 0, 1)


def test_a_count_that_needs_a_known_level_is_refused_when_there_is_none() -> None:
    book = Book()
    book.refused(NotFound, CountStock(*TEA, 9, must_exist=True))
    book.refused(NotFound, CountStock(*TEA, 9, expected_version=1))


def test_levels_of_one_sku_in_two_stores_have_nothing_to_do_with_each_other() -> None:
    book = stocked(12, TEA, ("west", "tea"))
    book.do(CountStock(*TEA, 3))
    assert book.numbers(TEA) == (3, 0, 2)
    assert book.numbers(("west", "tea")) == (12, 0, 1)
