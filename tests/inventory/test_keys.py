"""A command names every level that it may touch before it is decided, sorted and each once."""

from contextlib import suppress

from hypothesis import given, settings

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
from surestock.inventory.model import Line, StockKey
from surestock.kit.errors import Refusal
from surestock.ledger.keys import keys_of
from tests.inventory.book import RICE, SALT, TEA, Book, reserve, stocked
from tests.inventory.plans import plans

TTL_S = 60


def named(book: Book, command: Command) -> list[StockKey]:
    return keys_of(book, command, book.clock.now())


def over(*keys: StockKey, ttl_s: int | None = None) -> MakeReservation:
    return MakeReservation(tuple(ExpectedLine(Line(*key, 1)) for key in keys), ttl_s)


def test_a_command_about_one_level_names_it_known_or_not() -> None:
    for command in (
        CountStock(*TEA, 1),
        AdjustStock(*TEA, 1),
        reserve(TEA, 1),
        ExpireReservations(*TEA),
    ):
        assert named(Book(), command) == [TEA]


def test_lines_are_named_in_sorted_order_whatever_their_own() -> None:
    assert named(Book(), over(SALT, TEA, RICE)) == [TEA, RICE, SALT]


def test_a_command_on_a_reservation_names_the_levels_of_its_lines() -> None:
    book = stocked(10, TEA, RICE, SALT)
    held = book.do(over(SALT, TEA)).id
    for command in (CommitReservation(held), ReleaseReservation(held), ExtendReservation(held, 1)):
        assert named(book, command) == [TEA, SALT]


def test_a_command_on_an_unknown_reservation_names_nothing() -> None:
    assert named(stocked(10), ReleaseReservation("nobody")) == []


def test_a_reservation_that_is_due_adds_the_levels_of_its_other_lines() -> None:
    book = stocked(10, TEA, RICE, SALT)
    book.do(over(TEA, SALT, ttl_s=TTL_S))
    assert named(book, AdjustStock(*TEA, 1)) == [TEA]
    book.clock.advance(TTL_S)
    assert named(book, AdjustStock(*TEA, 1)) == [TEA, SALT]
    assert named(book, over(TEA, RICE)) == [TEA, RICE, SALT]
    assert named(book, AdjustStock(*RICE, 1)) == [RICE]


@settings(max_examples=300)
@given(plans)
def test_no_decision_touches_a_level_that_it_did_not_name(
    plan: list[tuple[Command, int]],
) -> None:
    book = Book()
    for command, seconds in plan:
        book.clock.advance(seconds)
        keys = named(book, command)
        assert keys == sorted(set(keys))
        with suppress(Refusal):
            assert {level.key for level in book.do(command).levels} <= set(keys)
