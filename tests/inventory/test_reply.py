"""The JSON of an answer, member by member: it is the contract, and the log keeps it for replays."""

from typing import Any

import msgspec

from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
    ReserveStock,
)
from surestock.inventory.due import as_of
from surestock.inventory.model import Line
from surestock.inventory.reply import Reply, reply_to, reservation_body, stock_body
from surestock.ledger.decide import decide
from tests.inventory.book import RICE, TEA, Book, reserve, stocked

STAMP = "2026-01-01T00:00:00Z"


def answer(book: Book, command: Command) -> tuple[Reply, dict[str, Any]]:
    """Return the reply that ``command`` gets as record 9, and its body parsed."""
    decision = decide(book, command, book.clock.now(), "r9")
    reply = reply_to(command, decision, "r9", 9)
    return reply, msgspec.json.decode(reply.body)


def stock(**members: object) -> dict[str, object]:
    return {"storeId": "east", "sku": "tea", "updatedAt": STAMP, "sequence": 9, **members}


def as_json(shown: object) -> Any:
    return msgspec.json.decode(msgspec.json.encode(shown))


def test_opening_a_level_says_that_it_was_created() -> None:
    reply, body = answer(Book(), CountStock(*TEA, 10))
    assert (reply.created, reply.version, reply.reservation_id) == (True, 1, None)
    assert body == stock(qty=10, onHand=10, reserved=0, version=1)


def test_a_later_count_and_an_adjustment_show_the_level_after_them() -> None:
    book = stocked(10)
    book.do(reserve(TEA, 3))
    for command in (CountStock(*TEA, 12), AdjustStock(*TEA, 2)):
        reply, body = answer(book, command)
        assert (reply.created, reply.version) == (False, 3)
        assert body == stock(qty=9, onHand=12, reserved=3, version=3)


def test_a_single_line_reservation_shows_the_level_and_names_the_reservation() -> None:
    reply, body = answer(stocked(10), reserve(TEA, 3))
    assert (reply.reservation_id, reply.version, reply.created) == ("r9", 2, False)
    assert body == stock(
        qty=7, onHand=10, reserved=3, version=2, reservationId="r9", expiresAt=None
    )


def test_a_reservation_that_expires_says_when() -> None:
    _, body = answer(stocked(10), ReserveStock(*TEA, 3, ttl_s=61))
    assert body["expiresAt"] == "2026-01-01T00:01:01Z"


def test_a_reservation_of_lines_shows_itself() -> None:
    wanted = (ExpectedLine(Line(*TEA, 3)), ExpectedLine(Line(*RICE, 1)))
    reply, body = answer(stocked(10, TEA, RICE), MakeReservation(wanted, reference="cart-7"))
    assert (reply.reservation_id, reply.version, reply.created) == ("r9", None, True)
    assert body == {
        "reservationId": "r9",
        "status": "active",
        "lines": [
            {"storeId": "east", "sku": "tea", "qty": 3},
            {"storeId": "west", "sku": "rice", "qty": 1},
        ],
        "expiresAt": None,
        "reference": "cart-7",
        "sequence": 9,
    }


def test_what_becomes_of_a_reservation_shows_it_as_it_is_then() -> None:
    book = stocked(10)
    held = book.do(reserve(TEA, 3, ttl_s=60)).id
    line = {"storeId": "east", "sku": "tea", "qty": 3}
    shown = {"reservationId": held, "lines": [line], "sequence": 9}
    part = {"committed": [line | {"qty": 2}]}
    expires = {"expiresAt": "2026-01-01T00:01:00Z"}
    for command, rest in (
        (CommitReservation(held), {"status": "committed", "committed": [line], **expires}),
        (CommitReservation(held, (Line(*TEA, 2),)), {"status": "committed", **part, **expires}),
        (ReleaseReservation(held), {"status": "released", **expires}),
        (ExtendReservation(held, 90), {"status": "active", "expiresAt": "2026-01-01T00:01:30Z"}),
    ):
        reply, body = answer(book, command)
        assert body == shown | rest
        assert (reply.version, reply.created, reply.reservation_id) == (None, False, None)


def test_a_read_shows_the_same_members_without_a_sequence() -> None:
    book = stocked(10)
    held = book.do(reserve(TEA, 3, ttl_s=60))
    body = as_json(stock_body(book.stock(TEA)))
    expected = stock(qty=7, onHand=10, reserved=3, version=2)
    del expected["sequence"]
    assert body == expected
    book.clock.advance(60)
    seen = reservation_body(as_of(book.held(held), book.clock.now()))
    assert as_json(seen) == {
        "reservationId": "r2",
        "status": "expired",
        "lines": [{"storeId": "east", "sku": "tea", "qty": 3}],
        "expiresAt": "2026-01-01T00:01:00Z",
    }
