"""Every engine: pages, the feed of records and histories are in order, gapless and complete."""

import msgspec
import pytest

from surestock.inventory.commands import (
    AdjustStock,
    CommitReservation,
    CountStock,
    ExpectedLine,
    MakeReservation,
)
from surestock.inventory.model import Level, Line
from surestock.ledger.history import HistoryEntry
from surestock.ledger.record import encode_record
from tests.engine.desk import RICE, TEA, Desk, key

SKUS = ["a", "a-1", "a.1", "a:1", "a1", "B", "b", "z", "0", "9"]


async def pages(desk: Desk, store_id: str, limit: int) -> list[list[Level]]:
    """Follow the pages of a store to their end."""
    found: list[list[Level]] = []
    after = ""
    while page := await desk.engine.list_levels(store_id, after, limit):
        found.append(page)
        after = page[-1].sku
    return found


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
async def test_pages_hold_every_level_of_the_store_once_in_order(desk: Desk, limit: int) -> None:
    for sku in SKUS:
        await desk.stock(1, ("east", sku), ("west", sku + "x"))
    found = await pages(desk, "east", limit)
    assert [level.sku for page in found for level in page] == sorted(SKUS)
    assert all(len(page) == limit for page in found[:-1])
    assert {level.store_id for page in found for level in page} == {"east"}


async def test_a_store_that_nobody_stocked_has_no_page(desk: Desk) -> None:
    await desk.stock(1, TEA)
    assert await desk.engine.list_levels("nowhere", "", 10) == []
    assert await desk.engine.list_levels("east", "tea", 10) == []


async def test_a_level_that_is_opened_between_two_pages_shows_when_it_lies_ahead(
    desk: Desk,
) -> None:
    for sku in "bdf":
        await desk.stock(1, ("east", sku))
    first = await desk.engine.list_levels("east", "", 2)
    for sku in "ae":
        await desk.stock(1, ("east", sku))
    second = await desk.engine.list_levels("east", first[-1].sku, 2)
    assert [level.sku for level in first + second] == ["b", "d", "e", "f"]


async def test_a_page_shows_levels_as_a_single_read_does(desk: Desk) -> None:
    await desk.stock(10, TEA)
    await desk.reserve(TEA, 4, ttl_s=60)
    assert await desk.engine.list_levels("east", "", 9) == [await desk.level(TEA)]
    desk.clock.advance(60)
    assert await desk.engine.list_levels("east", "", 9) == [await desk.level(TEA)]
    assert await desk.numbers(TEA) == (10, 0, 2)


@pytest.mark.parametrize("limit", [1, 2, 7, 100])
async def test_the_feed_holds_every_record_once_in_order_without_a_gap(
    desk: Desk, limit: int
) -> None:
    await desk.stock(0, TEA)
    await desk.engine.transact_each([desk.envelope(AdjustStock(*TEA, n)) for n in range(20)])
    seen: list[int] = []
    while page := await desk.engine.records(seen[-1] if seen else 0, limit):
        assert len(page) <= limit
        seen += [record.sequence for record in page]
    assert seen == list(range(1, 22))


async def test_the_feed_beyond_its_end_is_empty(desk: Desk) -> None:
    await desk.stock(1, TEA)
    assert await desk.engine.records(1, 10) == []
    assert await desk.engine.records(99, 10) == []


async def test_a_record_tells_who_when_what_and_the_levels_it_left(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    desk.clock.advance(5)
    lines = (ExpectedLine(Line(*TEA, 4)), ExpectedLine(Line(*RICE, 1)))
    command = MakeReservation(lines)
    outcome = await desk.do(command, key(command))
    record = (await desk.records())[-1]
    assert (record.actor, record.ts, record.sequence) == ("ann", desk.clock.now(), 3)
    assert record.id == outcome.reply.reservation_id
    assert record.idempotency == key(command)
    assert record.reply == outcome.reply
    assert [level.key for level in record.levels] == [TEA, RICE]
    assert list(record.levels) == [await desk.level(TEA), await desk.level(RICE)]


async def test_a_record_without_a_key_keeps_no_reply(desk: Desk) -> None:
    await desk.stock(10, TEA)
    assert (await desk.records())[0].reply is None


async def test_ids_of_records_are_unique(desk: Desk) -> None:
    await desk.stock(0, TEA)
    await desk.engine.transact_each([desk.envelope(AdjustStock(*TEA, 1))] * 50)
    assert len({record.id for record in await desk.records()}) == 51


async def test_what_is_read_can_be_encoded_again_to_the_same_record(desk: Desk) -> None:
    await desk.stock(10, TEA)
    held = await desk.reserve(TEA, 4, ttl_s=60)
    await desk.do(CommitReservation(held, (Line(*TEA, 1),)))
    for record in await desk.records():
        assert msgspec.json.decode(encode_record(record), type=type(record)) == record


async def test_the_history_of_a_level_adds_up_to_the_level(desk: Desk) -> None:
    await desk.stock(10, TEA, RICE)
    await desk.reserve(TEA, 4, ttl_s=60)
    await desk.do(AdjustStock(*RICE, 3))
    desk.clock.advance(60)
    await desk.do(CountStock(*TEA, 7))
    entries = await desk.history(TEA)
    assert [(entry.sequence, entry.type) for entry in entries] == [
        (1, "StockCounted"),
        (3, "StockReserved"),
        (5, "ReservationExpired"),
        (5, "StockCounted"),
    ]
    assert sum(entry.on_hand_delta for entry in entries) == 7
    assert sum(entry.reserved_delta for entry in entries) == 0
    assert [entry.qty for entry in entries] == [10, 6, 10, 7]


async def test_pages_of_a_history_never_split_a_record(desk: Desk) -> None:
    await desk.stock(10, TEA)
    for _ in range(3):
        await desk.reserve(TEA, 1, ttl_s=60)
    desk.clock.advance(60)
    await desk.do(AdjustStock(*TEA, 1))
    found: list[HistoryEntry] = []
    while page := await desk.engine.history(TEA, found[-1].sequence if found else 0, 2):
        assert len({entry.sequence for entry in page}) <= 2
        found += page
    assert found == await desk.history(TEA)
    assert len(found) == 8


async def test_a_level_that_is_not_known_has_no_history(desk: Desk) -> None:
    await desk.stock(1, TEA)
    assert await desk.history(RICE) == []
    assert await desk.engine.history(TEA, 1, 10) == []
