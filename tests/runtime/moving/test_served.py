"""An engine serves what was moved as if it had written it, and what it writes can be moved on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from surestock.database import UnfinishedMove
from surestock.engine.log import LogEngine
from surestock.engine.postgres import PostgresConfig, PostgresEngine
from surestock.idempotency import fingerprint_of, make_key
from surestock.inventory.commands import AdjustStock, Command, ReserveStock
from surestock.inventory.refusals import RecordsDeleted
from surestock.kit import failpoints
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine, Envelope
from surestock.runtime.moving import moving_config
from tests.cli.kept import pruned
from tests.cli.shelf import DAY
from tests.runtime.moving.premises import Premises, Struck, again, struck

KEYS = (("s1", "apple"), ("s2", "apple"), ("s1", "bread"))
_AUDITS = 4


@asynccontextmanager
async def _serving(premises: Premises) -> AsyncIterator[Engine]:
    config = PostgresConfig(moving_config(premises.url), DAY, patience_s=60.0)
    engine = PostgresEngine(config, premises.shop.clock, IdSource())
    await engine.start()
    kept = asyncio.ensure_future(engine.keep_healthy())
    try:
        yield engine
    finally:
        kept.cancel()
        await asyncio.wait([kept])
        await engine.close()
        await premises.until_alone()


@asynccontextmanager
async def _on_the_log(premises: Premises, *, back: bool = False) -> AsyncIterator[Engine]:
    shop = again(premises.shop, premises.back) if back else premises.shop
    engine = LogEngine(shop.config, premises.shop.clock, IdSource())
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


def _keyed(command: Command, key: str) -> Envelope:
    named = make_key("c", "POST", "/", key, fingerprint_of(command))
    return Envelope(command, "till", "r", named)


async def _told(engine: Engine) -> list[object]:
    """Return whatever an engine tells."""
    told: list[object] = [await engine.find_level(key) for key in KEYS]
    told.append([await engine.list_levels(store, "", 100) for store in ("s1", "s2", "s3")])
    records = await engine.records(0, 1000)
    told.append(records)
    made = {
        event.reservation_id
        for it in records
        for event in it.events
        if hasattr(event, "reservation_id")
    }
    told.append([await engine.find_reservation(it) for it in sorted(made)])
    told.append([await engine.history(key, 0, 1000) for key in KEYS])
    kinds = ("#product", "#cart", "#checkout")
    told.append([await engine.list_documents(kind, "", 100) for kind in kinds])
    keys = [it.idempotency for it in records if it.idempotency is not None]
    told.append([await engine.find_answer(key) for key in keys])
    return told


async def test_the_engine_tells_the_same_as_that_of_the_log(premises: Premises) -> None:
    async with _on_the_log(premises) as engine:
        expected = await _told(engine)
    await premises.move()
    async with _serving(premises) as engine:
        assert await _told(engine) == expected


async def test_a_key_that_was_answered_before_the_move_is_answered_alike(
    premises: Premises,
) -> None:
    envelope = _keyed(ReserveStock("s1", "apple", 1, reference="order-7"), "order-7")
    async with _on_the_log(premises) as engine:
        first = await engine.transact(envelope)
    await premises.move()
    async with _serving(premises) as engine:
        replay = await engine.transact(envelope)
    assert (replay.reply, replay.sequence, replay.replayed) == (first.reply, first.sequence, True)


async def test_what_is_written_after_the_move_is_sound_and_comes_back(premises: Premises) -> None:
    await premises.move()
    async with _serving(premises) as engine:
        await engine.transact(_keyed(AdjustStock("s1", "apple", 5), "new-1"))
        for number in range(7):
            await engine.transact(
                _keyed(ReserveStock("s1", "bread", 1, ttl_s=60 * (number % 3 + 1)), f"r-{number}")
            )
        premises.shop.clock.advance(90)
        assert await engine.expire_due() == 1
        expected = await _told(engine)
    assert (await premises.audit()).findings == []
    proof = await premises.move_back()
    assert proof.equal["records"] == len(await premises.records())
    async with _on_the_log(premises, back=True) as engine:
        assert await _told(engine) == expected


async def test_a_database_is_verified_while_it_is_served(premises: Premises) -> None:
    """Each audit sees one moment, between two batches: there everything is as it should be."""
    await premises.move()
    audited: set[int] = set()
    async with _serving(premises) as engine:

        async def sell() -> None:
            number = 0
            while len(audited) < _AUDITS:
                number += 1
                await engine.transact(_keyed(AdjustStock("s1", "apple", 1), f"more-{number}"))

        selling = asyncio.ensure_future(sell())
        while not selling.done():
            found = await premises.audit()
            assert found.findings == []
            audited.add(found.sequence)
        await selling
    assert len(audited) >= _AUDITS


async def test_the_engine_does_not_start_on_half_a_move(premises: Premises) -> None:
    failpoints.arm("move.committed", struck)
    with pytest.raises(Struck):
        await premises.move()
    with pytest.raises(UnfinishedMove):
        async with _serving(premises):
            pass


async def test_records_that_were_deleted_before_the_move_are_told_to_be(
    premises: Premises,
) -> None:
    premises.shop = await asyncio.to_thread(pruned, premises.back.with_name("pruned"))
    await premises.move()
    async with _serving(premises) as engine:
        with pytest.raises(RecordsDeleted):
            await engine.records(0, 10)
        assert [it.sequence for it in await engine.records(12, 3)] == [13, 14, 15]
        await engine.transact(_keyed(AdjustStock("s1", "apple", 5), "new-1"))
    found = await premises.audit()
    assert (found.base, found.findings) == (12, [])
