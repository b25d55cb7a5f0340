"""Stock that a checkout reserved is the checkout's: no client ends or extends it."""

from datetime import timedelta

import msgspec
import pytest

from surestock.inventory.commands import (
    CommitReservation,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReservationCommand,
)
from surestock.inventory.deciding import Draft
from surestock.inventory.deciding.reserve import reserve_for
from surestock.inventory.deciding.resolve import give_back, take
from surestock.inventory.events import ReservationExtended, StockReserved
from surestock.inventory.evolve import evolve
from surestock.inventory.model import Line, Reservation
from surestock.inventory.refusals import (
    LinesRefused,
    NotFound,
    ReservationHeld,
    ReservationResolved,
)
from surestock.inventory.reply import reservation_body
from surestock.inventory.view import Changes
from surestock.ledger.record import Record
from surestock.ledger.remember import reservation_of
from tests.inventory.book import RICE, TEA, Book, reserve, stocked

LINES = (Line(*TEA, 4), Line(*RICE, 2))


def written(book: Book, draft: Draft) -> Draft:
    levels = tuple(draft.levels.values())
    sequence = len(book.records) + 1
    record = Record(sequence, draft.record_id, draft.at, "ann", tuple(draft.events), levels)
    book.replay(record)
    return draft


def held_for_ann() -> Book:
    book = stocked(10, TEA, RICE)
    draft = Draft(book, book.clock.now(), "a")
    reserve_for(draft, "ann", LINES)
    written(book, draft)
    return book


def test_it_is_made_of_all_lines_for_good_and_says_for_whom() -> None:
    book = held_for_ann()
    assert book.reservations["a"] == Reservation("a", LINES, "active", None, "checkout", (), "ann")
    assert (book.numbers(TEA), book.numbers(RICE)) == ((10, 4, 2), (10, 2, 2))


def test_it_is_made_of_all_lines_or_none() -> None:
    book = stocked(3, TEA)
    draft = Draft(book, book.clock.now(), "a")
    with pytest.raises(LinesRefused) as caught:
        reserve_for(draft, "ann", LINES)
    assert set(book.faults(caught.value)) == {TEA, RICE}
    assert (draft.events, draft.levels) == ([], {})


COMMANDS = [
    CommitReservation("a"),
    CommitReservation("a", (Line(*TEA, 1),)),
    ReleaseReservation("a"),
    ExtendReservation("a", 60),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_no_client_decides_about_it(command: ReservationCommand) -> None:
    book = held_for_ann()
    refusal = book.refused(ReservationHeld, command)
    assert refusal.reservation == book.reservations["a"]
    assert "the checkout of user ann" in str(refusal)


@pytest.mark.parametrize("command", COMMANDS)
def test_once_it_has_had_its_end_it_is_resolved_like_any_other(command: ReservationCommand) -> None:
    book = held_for_ann()
    draft = Draft(book, book.clock.now(), "b")
    give_back(draft, book.reservations["a"])
    written(book, draft)
    book.refused(ReservationResolved, command)
    assert book.reservations["a"].held_for == "ann"
    Book().refused(NotFound, command)


def test_its_checkout_takes_all_of_it() -> None:
    book = held_for_ann()
    draft = Draft(book, book.clock.now(), "b")
    take(draft, book.reservations["a"], LINES)
    written(book, draft)
    assert (book.numbers(TEA), book.numbers(RICE)) == ((6, 0, 3), (8, 0, 3))
    assert book.reservations["a"].status == "committed"
    assert book.reservations["a"].held_for == "ann"


def test_a_new_time_to_expire_leaves_the_owner() -> None:
    book = held_for_ann()
    changes = Changes(book, book.clock.now())
    evolve(changes, ReservationExtended("a", book.clock.now() + timedelta(seconds=5)))
    assert changes.reservations["a"].held_for == "ann"


def test_it_is_told_whole_by_its_own_records() -> None:
    book = held_for_ann()
    assert reservation_of(book.records, "a") == book.reservations["a"]


def test_clients_are_told_for_whom_it_is_and_of_others_nothing() -> None:
    book = held_for_ann()
    held = msgspec.to_builtins(reservation_body(book.reservations["a"]))
    assert held["heldFor"] == "ann"
    other = book.held(book.do(reserve(TEA, 1)))
    assert "heldFor" not in msgspec.to_builtins(reservation_body(other))


def test_what_was_written_before_there_were_carts_is_read_as_it_was_meant() -> None:
    event = b'{"type":"StockReserved","reservationId":"x","lines":[]}'
    assert msgspec.json.decode(event, type=StockReserved) == StockReserved("x", ())
    assert b"heldFor" not in msgspec.json.encode(StockReserved("x", ()))
    row = b'{"reservationId":"x","lines":[],"status":"active","expiresAt":null,"reference":null}'
    assert msgspec.json.decode(row, type=Reservation) == Reservation("x", (), "active")


def test_a_clients_reservation_is_held_for_nobody() -> None:
    book = stocked(10)
    made = book.do(MakeReservation((), reference="checkout"))
    assert book.held(made).held_for is None
    book.do(ReleaseReservation(made.id))
