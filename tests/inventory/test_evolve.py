"""Events change state in one way only, and state that must not exist is never made."""

from datetime import UTC, datetime, timedelta

import pytest

from surestock.inventory import events as ev
from surestock.inventory.evolve import evolve
from surestock.inventory.invariants import InvariantViolation, check_level
from surestock.inventory.model import MAX_QUANTITY, Level, Line
from surestock.inventory.view import Changes
from tests.inventory.book import RICE, TEA, Book, reserve, stocked

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def level(on_hand: int, reserved: int, version: int = 1) -> Level:
    return Level(*TEA, on_hand, reserved, version, THEN)


@pytest.mark.parametrize(
    ("on_hand", "reserved"),
    [(0, 0), (5, 5), (MAX_QUANTITY, 0), (MAX_QUANTITY, MAX_QUANTITY)],
)
def test_reserved_lies_between_nothing_and_all_that_is_on_hand(on_hand: int, reserved: int) -> None:
    check_level(level(on_hand, reserved))


@pytest.mark.parametrize(
    "impossible",
    [
        level(-1, 0),
        level(0, -1),
        level(-1, -1),
        level(4, 5),
        level(MAX_QUANTITY + 1, 0),
        level(1, 0, version=0),
    ],
    ids=repr,
)
def test_a_level_that_must_not_exist_is_refused(impossible: Level) -> None:
    with pytest.raises(InvariantViolation, match="impossible level of 'tea' in 'east'"):
        check_level(impossible)


def test_a_records_first_touch_raises_the_version_and_later_ones_do_not() -> None:
    changes = Changes(stocked(10), THEN)
    for _ in range(3):
        evolve(changes, ev.StockAdjusted(*TEA, 1))
    assert changes.levels == {TEA: Level(*TEA, 13, 0, 2, THEN)}


def test_a_level_opened_in_this_record_stays_at_version_1() -> None:
    changes = Changes(Book(), THEN)
    evolve(changes, ev.StockCounted(*TEA, 10, 10))
    evolve(changes, ev.StockAdjusted(*TEA, -1))
    assert changes.levels == {TEA: Level(*TEA, 9, 0, 1, THEN)}


def test_changes_are_a_layer_and_leave_what_is_below_alone() -> None:
    book = stocked(10)
    changes = Changes(book, THEN)
    evolve(changes, ev.StockReserved("x", (Line(*TEA, 4),)))
    assert (book.numbers(TEA), book.reservations) == ((10, 0, 1), {})
    seen = changes.level(TEA)
    assert seen is not None
    assert seen.reserved == 4
    assert changes.reservation("x") is not None
    assert changes.level(RICE) is None


IMPOSSIBLE: list[tuple[str, ev.Event]] = [
    ("never opened", ev.StockAdjusted(*RICE, 1)),
    ("never opened", ev.StockReserved("x", (Line(*RICE, 1),))),
    ("impossible level", ev.StockAdjusted(*TEA, -7)),
    ("impossible level", ev.StockReserved("x", (Line(*TEA, 7),))),
    ("does not follow", ev.StockCounted(*TEA, 12, 1)),
    ("made twice", ev.StockReserved("r2", (Line(*TEA, 1),))),
    ("needs reservation x active", ev.ReservationCommitted("x", (Line(*TEA, 1),))),
    ("needs reservation x active", ev.ReservationReleased("x", (Line(*TEA, 1),))),
    ("needs reservation x active", ev.ReservationExpired("x", (Line(*TEA, 1),))),
    ("needs reservation x active", ev.ReservationExtended("x", THEN)),
    ("needs reservation r3 active", ev.ReservationExtended("r3", THEN)),
    ("needs reservation r3 active", ev.ReservationExpired("r3", ())),
]


@pytest.mark.parametrize(("message", "event"), IMPOSSIBLE)
def test_an_event_that_cannot_follow_from_the_state_is_a_defect_and_says_so(
    message: str, event: ev.Event
) -> None:
    book = stocked(10)
    book.do(reserve(TEA, 4))
    ended = book.do(reserve(TEA, 1, ttl_s=1))
    book.clock.advance(1)
    book.do(reserve(TEA, 1))
    assert book.held(ended).status == "expired"
    with pytest.raises(InvariantViolation, match=message):
        evolve(Changes(book, book.clock.now()), event)


def test_the_time_of_a_level_is_the_time_of_the_record_that_touched_it() -> None:
    book = stocked(10)
    later = book.clock.now() + timedelta(days=1)
    changes = Changes(book, later)
    evolve(changes, ev.StockAdjusted(*TEA, 1))
    assert changes.levels[TEA].updated_at == later
