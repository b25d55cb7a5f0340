"""Replaying the records alone gives the same state: no rule is asked again, and no clock.

Each record goes through the log's encoding on the way, so what is proven holds for what is read
back. The same plans also show what every sequence of records has to keep.
"""

from collections import defaultdict
from contextlib import suppress
from itertools import pairwise
from typing import TypeAlias

import msgspec
import pytest
from hypothesis import example, given, settings
from msgspec.structs import replace

from surestock.inventory.commands import (
    Command,
    CountStock,
    ExpectedLine,
    MakeReservation,
)
from surestock.inventory.events import ReservationExpired
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.model import Level, Line, StockKey
from surestock.inventory.view import Changes
from surestock.kit.errors import Refusal
from surestock.ledger.history import explain
from surestock.ledger.record import Record, encode_record
from tests.inventory.book import RICE, TEA, Book, reserve
from tests.inventory.plans import plans

Plan: TypeAlias = list[tuple[Command, int]]


def carried_out(plan: Plan) -> Book:
    book = Book()
    for command, seconds in plan:
        book.clock.advance(seconds)
        with suppress(Refusal):
            book.do(command)
    return book


def read_back(record: Record) -> Record:
    return msgspec.json.decode(encode_record(record), type=Record)


def replayed(records: list[Record], book: Book) -> Book:
    """Rebuild ``book`` from records, and insist that each leaves the levels that it says."""
    for record in records:
        changes = book.replay(record)
        assert tuple(changes.levels.values()) == record.levels
    return book


EXPIRY: Plan = [
    (CountStock(*TEA, 9), 0),
    (CountStock(*RICE, 9), 0),
    (MakeReservation((ExpectedLine(Line(*TEA, 9)), ExpectedLine(Line(*RICE, 9))), ttl_s=5), 0),
    (reserve(RICE, 9), 5),
]


@example(EXPIRY)
@settings(max_examples=300)
@given(plans)
def test_replay_gives_the_same_levels_and_reservations(plan: Plan) -> None:
    live = carried_out(plan)
    again = replayed([read_back(record) for record in live.records], Book())
    assert again.records == live.records
    assert again.levels == live.levels
    assert again.reservations == live.reservations


def levels_over_time(book: Book) -> dict[StockKey, list[Level]]:
    touched: dict[StockKey, list[Level]] = defaultdict(list)
    for record in book.records:
        for level in record.levels:
            touched[level.key].append(level)
    return touched


@settings(max_examples=300)
@given(plans)
def test_versions_go_up_by_1_a_record_and_stock_is_never_negative(plan: Plan) -> None:
    for levels in levels_over_time(carried_out(plan)).values():
        assert levels[0].version == 1
        assert all(after.version == before.version + 1 for before, after in pairwise(levels))
        assert all(0 <= level.reserved <= level.on_hand for level in levels)


@settings(max_examples=300)
@given(plans)
def test_reserved_is_the_sum_of_the_active_reservations(plan: Plan) -> None:
    book = carried_out(plan)
    active = [held for held in book.reservations.values() if held.status == "active"]
    for key, level in book.levels.items():
        assert level.reserved == sum(
            line.qty for held in active for line in held.lines if line.key == key
        )


@settings(max_examples=300)
@given(plans)
def test_the_history_of_a_level_adds_up_to_the_level(plan: Plan) -> None:
    book = carried_out(plan)
    for key, level in book.levels.items():
        entries = [entry for record in book.records for entry in explain(record, key)]
        assert sum(entry.on_hand_delta for entry in entries) == level.on_hand
        assert sum(entry.reserved_delta for entry in entries) == level.reserved
        on_hand = reserved = 0
        for entry in entries:
            on_hand += entry.on_hand_delta
            reserved += entry.reserved_delta
            assert (entry.on_hand, entry.reserved) == (on_hand, reserved)
            assert entry.qty == on_hand - reserved
        assert entries[-1].version == level.version


@settings(max_examples=300)
@given(plans)
def test_a_reservation_has_at_most_one_end(plan: Plan) -> None:
    ends: dict[str, int] = defaultdict(int)
    for record in carried_out(plan).records:
        for event in record.events:
            if type(event).__name__ in {
                "ReservationCommitted",
                "ReservationReleased",
                "ReservationExpired",
            }:
                ends[getattr(event, "reservation_id", "")] += 1
    assert all(count == 1 for count in ends.values())


class LooksAtTheClock(Book):
    """A replay that asks what time it is, and not what time the record says."""

    def replay(self, record: Record) -> Changes:
        return super().replay(replace(record, ts=self.clock.now()))


class ForgetsOtherLines(Book):
    """A replay that gives back the first line of an expired reservation only."""

    def replay(self, record: Record) -> Changes:
        events = tuple(
            replace(event, lines=event.lines[:1])
            if isinstance(event, ReservationExpired)
            else event
            for event in record.events
        )
        return super().replay(replace(record, events=events))


class AsksTheRulesAgain(Book):
    """A replay that also expires what has become due by the time of the record."""

    def replay(self, record: Record) -> Changes:
        due = {
            held.reservation_id: ReservationExpired(held.reservation_id, held.lines)
            for level in record.levels
            for held in self.due(level.key, record.ts)
        }
        return super().replay(replace(record, events=(*due.values(), *record.events)))


@pytest.mark.parametrize("broken", [LooksAtTheClock, ForgetsOtherLines, AsksTheRulesAgain])
def test_a_broken_replay_is_found_out(broken: type[Book]) -> None:
    live = carried_out(EXPIRY)
    replayed(live.records, Book())
    with pytest.raises((AssertionError, InvariantViolation)):
        replayed(live.records, broken())
