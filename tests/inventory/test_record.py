"""How a record is written: one line of JSON that reads back as the same record."""

from datetime import UTC, datetime

import msgspec
from msgspec import Raw

from surestock.idempotency import make_key
from surestock.inventory import events as ev
from surestock.inventory.model import Level, Line
from surestock.inventory.reply import Reply
from surestock.ledger.record import Record, encode_record
from tests.inventory.book import RICE, TEA

THEN = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)

EVERY_EVENT: tuple[ev.Event, ...] = (
    ev.StockCounted(*TEA, 10, -2, "shelf 4"),
    ev.StockAdjusted(*TEA, -1, "broken", "doc-1"),
    ev.StockReserved("x", (Line(*TEA, 3), Line(*RICE, 1)), THEN, "cart-7"),
    ev.ReservationCommitted("x", (Line(*TEA, 1),), (Line(*TEA, 2), Line(*RICE, 1))),
    ev.ReservationReleased("y", (Line(*TEA, 1),)),
    ev.ReservationExpired("z", (Line(*TEA, 1),)),
    ev.ReservationExtended("w", THEN),
)


def record(reply: Reply | None = None) -> Record:
    key = None if reply is None else make_key("ann", "POST", "/p", "k-1", "f" * 32)
    levels = (Level(*TEA, 7, 0, 4, THEN), Level(*RICE, 1, 0, 2, THEN))
    return Record(17, "boot-11", THEN, "ann", EVERY_EVENT, levels, key, reply)


def test_every_kind_of_event_reads_back_as_it_was_written() -> None:
    assert msgspec.json.decode(encode_record(record()), type=Record) == record()


def test_a_record_is_one_line_that_any_json_reader_understands() -> None:
    line = encode_record(record())
    assert b"\n" not in line
    members = msgspec.json.decode(line)
    assert list(members) == ["sequence", "id", "ts", "actor", "events", "levels"]
    assert members["ts"] == "2026-01-01T12:00:00.123456Z"
    assert members["levels"][0] == {
        "storeId": "east",
        "sku": "tea",
        "onHand": 7,
        "reserved": 0,
        "version": 4,
        "updatedAt": "2026-01-01T12:00:00.123456Z",
    }


def test_an_event_is_named_by_what_happened() -> None:
    events = msgspec.json.decode(encode_record(record()))["events"]
    assert [event["type"] for event in events] == [type(event).__name__ for event in EVERY_EVENT]
    assert events[1] == {
        "type": "StockAdjusted",
        "storeId": "east",
        "sku": "tea",
        "delta": -1,
        "reason": "broken",
        "reference": "doc-1",
    }


def test_the_reply_is_kept_byte_for_byte_beside_its_key() -> None:
    body = b'{"qty": 7,  "odd":"spacing",\t"n":1.50}'
    written = record(Reply(Raw(body), version=4, created=True, reservation_id="x"))
    again = msgspec.json.decode(encode_record(written), type=Record)
    assert again.reply is not None
    assert bytes(again.reply.body) == body
    assert (again.reply.version, again.reply.created) == (4, True)
    assert again.reply.reservation_id == "x"
    assert again.idempotency == written.idempotency


def test_a_line_break_in_a_text_stays_inside_the_line() -> None:
    odd = msgspec.structs.replace(record(), actor='two\nlines, "quoted", \u2028 and \u00e9')
    line = encode_record(odd)
    assert b"\n" not in line
    assert msgspec.json.decode(line, type=Record) == odd


def test_events_are_values_and_cannot_be_changed() -> None:
    assert ev.StockAdjusted(*TEA, 1) == ev.StockAdjusted(*TEA, 1)
    assert hash(ev.StockAdjusted(*TEA, 1)) == hash(ev.StockAdjusted(*TEA, 1))
