"""An adjustment changes on-hand by a delta, as long as nothing promised is taken away."""

import pytest

from surestock.inventory.commands import AdjustStock, CountStock
from surestock.inventory.events import StockAdjusted
from surestock.inventory.model import MAX_QUANTITY
from surestock.inventory.refusals import (
    InsufficientStock,
    NotFound,
    QuantityLimit,
    VersionConflict,
)
from tests.inventory.book import TEA, Book, reserve, stocked


@pytest.mark.parametrize(("delta", "on_hand"), [(3, 13), (-3, 7), (-10, 0), (0, 10)])
def test_on_hand_changes_by_the_delta_and_the_version_by_1(delta: int, on_hand: int) -> None:
    book = stocked(10)
    record = book.do(AdjustStock(*TEA, delta, reason="broken", reference="doc-1"))
    assert record.events == (StockAdjusted(*TEA, delta, "broken", "doc-1"),)
    assert book.numbers(TEA) == (on_hand, 0, 2)


def test_more_than_what_is_available_cannot_be_taken() -> None:
    book = stocked(10)
    refusal = book.refused(InsufficientStock, AdjustStock(*TEA, -11))
    assert (refusal.available, refusal.requested, refusal.current) == (10, 11, book.stock(TEA))


def test_units_that_are_reserved_cannot_be_taken_though_they_are_on_hand() -> None:
    book = stocked(10)
    book.do(reserve(TEA, 4))
    assert book.refused(InsufficientStock, AdjustStock(*TEA, -7)).available == 6
    book.do(AdjustStock(*TEA, -6))
    assert book.numbers(TEA) == (4, 4, 3)


def test_an_unknown_level_cannot_be_adjusted() -> None:
    refusal = Book().refused(NotFound, AdjustStock(*TEA, 1))
    assert str(refusal) == "There is no SKU tea in store east."


@pytest.mark.parametrize("expected", [0, 1, 3])
def test_another_version_is_refused(expected: int) -> None:
    book = stocked(10)
    book.do(AdjustStock(*TEA, 1))
    refusal = book.refused(VersionConflict, AdjustStock(*TEA, 1, expected_version=expected))
    assert (refusal.expected_version, refusal.current) == (expected, book.stock(TEA))


def test_of_many_who_saw_the_same_version_the_first_one_wins() -> None:
    book = stocked(10)
    book.do(AdjustStock(*TEA, -1, expected_version=1))
    for _ in range(99):
        book.refused(VersionConflict, AdjustStock(*TEA, -1, expected_version=1))
    assert book.numbers(TEA) == (9, 0, 2)


def test_on_hand_never_gets_too_large_to_be_kept_exact() -> None:
    book = Book()
    book.do(CountStock(*TEA, MAX_QUANTITY - 1))
    book.do(AdjustStock(*TEA, 1))
    assert book.refused(QuantityLimit, AdjustStock(*TEA, 1)).current == book.stock(TEA)
    assert book.numbers(TEA) == (MAX_QUANTITY, 0, 2)
