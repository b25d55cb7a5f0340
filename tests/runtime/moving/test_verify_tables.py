"""The audit of a database finds whatever does not follow from its records, and says what it is."""

import asyncio

import pytest
from msgspec import json
from msgspec.structs import replace

from surestock.inventory.model import Reservation
from surestock.kit.ids import IdSource
from surestock.ledger.record import Record
from surestock.runtime.offline.read import read_history, read_levels
from surestock.runtime.offline.tables import RecordsDamaged, TablesReader, one_snapshot
from tests.runtime.moving.damage import DAMAGE, RECORDS
from tests.runtime.moving.premises import Premises


@pytest.mark.parametrize("damage", DAMAGE)
async def test_what_is_altered_is_found(premises: Premises, damage: str) -> None:
    statement, told = DAMAGE[damage]
    await premises.move()
    assert (await premises.audit()).findings == []
    await premises.ask(statement)
    found = (await premises.audit()).findings
    assert any(told in f"{it.table}: {it.why}" for it in found), found


@pytest.mark.parametrize("damage", RECORDS)
async def test_a_record_that_does_not_follow_is_named(premises: Premises, damage: str) -> None:
    statement, told = RECORDS[damage]
    await premises.move()
    await premises.ask(statement)
    with pytest.raises(RecordsDamaged) as raised:
        await premises.audit()
    assert told in str(raised.value)


async def test_a_command_that_was_carried_out_twice_is_found(premises: Premises) -> None:
    """A second record under one key, that follows in everything else."""
    await premises.move()
    bodies = await premises.records()
    records = [json.decode(body, type=Record) for body in bodies]
    last = next(it for it in reversed(records) if it.idempotency is not None and it.levels)
    again = replace(
        last,
        sequence=len(records) + 1,
        id=IdSource().next(),
        events=(),
        levels=(),
    )
    body = json.encode(again).decode()
    await premises.ask(
        "INSERT INTO surestock.records VALUES ($1, $2, $3)", again.sequence, again.id, body
    )
    await premises.ask("UPDATE surestock.head SET sequence = sequence + 1")
    with pytest.raises(RecordsDamaged, match="repeats an idempotency key"):
        await premises.audit()


async def test_a_key_that_was_swept_once_its_time_was_over_is_not_missed(
    premises: Premises,
) -> None:
    await premises.move()
    premises.shop.clock.advance(24 * 3600 - 30)
    await premises.ask("DELETE FROM surestock.answers")
    assert (await premises.audit()).findings == []


async def test_a_view_that_lags_is_compared_where_it_stands(premises: Premises) -> None:
    await premises.move()
    await premises.ask("DELETE FROM surestock.central")
    await premises.ask("UPDATE surestock.central_head SET sequence = 0")
    found = await premises.audit()
    assert (found.findings, found.central_sequence, found.central_skus) == ([], 0, 0)


async def test_a_sku_in_doubt_is_not_compared_and_told(premises: Premises) -> None:
    await premises.move()
    await premises.ask("UPDATE surestock.central SET reserved = 0 WHERE sku = 'apple'")
    await premises.ask(
        "INSERT INTO surestock.central_doubts VALUES ('apple', '{s1}', NULL, NULL, 0, false)"
    )
    found = await premises.audit()
    assert (found.findings, found.doubted, found.central_skus) == ([], ["apple"], 1)


async def test_levels_and_histories_are_those_of_the_log(premises: Premises) -> None:
    await premises.move()
    shop = premises.shop
    now = shop.clock.now()
    for at in (now, now.replace(year=now.year + 1)):
        expected, _ = await asyncio.to_thread(read_levels, shop.log, at)
        async with one_snapshot(premises.url) as connection:
            assert await TablesReader(connection).levels(at) == expected
    for key in (("s1", "apple"), ("s2", "apple"), ("s1", "bread"), ("s9", "x")):
        async with one_snapshot(premises.url) as connection:
            told = await TablesReader(connection).history(key)
        assert told == list(read_history(shop.log, key))


async def test_the_bodies_of_ended_reservations_are_told_apart() -> None:
    """The tooth of the sum: two values that differ have different hashes."""
    one = Reservation("r-1", (), "committed")
    assert hash(json.encode(one)) != hash(json.encode(replace(one, status="released")))
