"""The history explains a number: each event that moved it, and the level after each."""

from msgspec import UNSET

from surestock.inventory.commands import (
    AdjustStock,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
)
from surestock.inventory.model import Line, StockKey
from surestock.ledger.history import HistoryEntry, explain
from tests.inventory.book import RICE, TEA, Book, reserve, stocked


def history(book: Book, key: StockKey = TEA) -> list[HistoryEntry]:
    return [entry for record in book.records for entry in explain(record, key)]


def moves(book: Book, key: StockKey = TEA) -> list[tuple[str, int, int, int]]:
    """Return (type, on-hand delta, reserved delta, available after) of each entry."""
    return [
        (entry.type, entry.on_hand_delta, entry.reserved_delta, entry.qty)
        for entry in history(book, key)
    ]


def test_each_entry_tells_when_who_why_and_what_was_left() -> None:
    book = Book()
    book.do(CountStock(*TEA, 10, reason="delivery"))
    book.clock.advance(5)
    book.do(AdjustStock(*TEA, -2, reason="broken", reference="doc-1"))
    first, second = history(book)
    assert (first.sequence, first.reason, first.reference) == (1, "delivery", UNSET)
    assert second == HistoryEntry(
        sequence=2,
        ts=book.clock.now(),
        actor="ann",
        type="StockAdjusted",
        on_hand_delta=-2,
        reserved_delta=0,
        on_hand=8,
        reserved=0,
        qty=8,
        version=2,
        reason="broken",
        reference="doc-1",
    )


def test_every_kind_of_change_is_explained() -> None:
    book = stocked(10)
    first = book.do(reserve(TEA, 4)).id
    second = book.do(reserve(TEA, 3)).id
    book.do(CommitReservation(first, (Line(*TEA, 1),)))
    book.do(ReleaseReservation(second))
    book.do(CountStock(*TEA, 12))
    assert moves(book) == [
        ("StockCounted", 10, 0, 10),
        ("StockReserved", 0, 4, 6),
        ("StockReserved", 0, 3, 3),
        ("ReservationCommitted", -1, -4, 6),
        ("ReservationReleased", 0, -3, 9),
        ("StockCounted", 3, 0, 12),
    ]


def test_the_levels_between_the_events_of_one_record_are_worked_out() -> None:
    book = stocked(10)
    book.do(reserve(TEA, 4, ttl_s=1))
    book.do(reserve(TEA, 3, ttl_s=1))
    book.clock.advance(1)
    book.do(AdjustStock(*TEA, 5))
    last = history(book)[-3:]
    assert [(entry.on_hand, entry.reserved, entry.version) for entry in last] == [
        (10, 3, 4),
        (10, 0, 4),
        (15, 0, 4),
    ]
    assert [entry.reservation_id for entry in last] == ["r2", "r3", UNSET]


def test_an_expiry_shows_in_the_history_of_every_level_that_it_moved() -> None:
    book = stocked(10, TEA, RICE)
    wanted = (ExpectedLine(Line(*TEA, 4)), ExpectedLine(Line(*RICE, 2)))
    book.do(MakeReservation(wanted, ttl_s=1))
    book.clock.advance(1)
    book.do(AdjustStock(*TEA, 1))
    assert moves(book, RICE)[1:] == [
        ("StockReserved", 0, 2, 8),
        ("ReservationExpired", 0, -2, 10),
    ]


def test_an_extension_moves_no_number_and_is_no_entry() -> None:
    book = stocked(10)
    held = book.do(reserve(TEA, 4, ttl_s=60)).id
    record = book.do(ExtendReservation(held, 90))
    assert explain(record, TEA) == []


def test_a_record_about_another_level_explains_nothing() -> None:
    book = stocked(10)
    assert explain(book.records[0], RICE) == []
    assert explain(book.records[0], ("west", "tea")) == []
