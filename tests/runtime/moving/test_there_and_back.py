"""What is moved is the same on the other side, and when it comes back: byte by byte, and folded."""

import asyncio
from pathlib import Path

import pytest

from surestock.cart.model import Cart
from surestock.database import Lane, UnfinishedMove, check_moved
from surestock.kit import failpoints
from surestock.runtime.moving import moving_config
from surestock.runtime.offline.audit import audit
from tests.cli.kept import Shop, pruned
from tests.cli.shelf import DAY
from tests.runtime.moving.premises import Premises, Struck, again, migrated, records_of, struck


async def test_a_move_there_and_back_keeps_every_byte_of_every_record(premises: Premises) -> None:
    there = await premises.move()
    assert await premises.records() == records_of(premises.shop)
    back = await premises.move_back()
    assert records_of(again(premises.shop, premises.back)) == records_of(premises.shop)
    assert back.equal == there.equal
    assert back.digest == there.digest
    assert there.moved == back.moved == there.equal["records"] == len(records_of(premises.shop))


async def test_the_premises_have_something_of_everything(premises: Premises) -> None:
    equal = (await premises.move()).equal
    assert min(equal.values()) > 0, equal
    assert premises.shop.archived
    found = await premises.audit()
    assert found.holds == 1, "a reservation that is over is ended by the next command"
    assert found.findings == []
    assert found.central_sequence == found.sequence == equal["records"]


async def test_every_table_follows_from_the_records(premises: Premises) -> None:
    await premises.move()
    [head] = await premises.ask("SELECT sequence, deleted_through FROM surestock.head")
    assert tuple(head) == (len(records_of(premises.shop)), 0)
    [cart] = await premises.ask("SELECT id FROM surestock.documents WHERE kind = $1", Cart.KIND)
    assert cart["id"] == "ann"
    [batch] = await premises.ask(
        "SELECT sequence FROM surestock.answers WHERE digest = $1", bytes.fromhex("ba" * 16)
    )
    [first] = await premises.ask(
        "SELECT min(sequence) FROM surestock.records WHERE body LIKE '%bababa%'"
    )
    assert batch["sequence"] == first["min"], "a batch is answered by its first record"


async def test_keys_whose_time_is_over_are_left_behind(premises: Premises) -> None:
    premises.shop.clock.advance(2 * DAY.total_seconds())
    await asyncio.to_thread(premises.shop.sell, 1)
    equal = (await premises.move()).equal
    assert equal["idempotency keys that stand"] == 3
    [found] = await premises.ask("SELECT count(*) FROM surestock.answers")
    assert found["count"] == 3


async def test_the_log_that_came_back_is_clean_and_has_its_segments(premises: Premises) -> None:
    await premises.move()
    await premises.move_back()
    back = again(premises.shop, premises.back)
    found = audit(back.log, DAY, back.clock, lambda _: None)
    assert found.findings == []
    assert found.segments > 1
    assert sorted(path.name for path in premises.back.iterdir()) == ["event-log"]


async def test_an_empty_log_is_moved_and_comes_back(premises: Premises, tmp_path: Path) -> None:
    premises.shop = Shop(tmp_path / "empty")
    await asyncio.to_thread(premises.shop.carry_out, [])
    assert (await premises.move()).equal["records"] == 0
    assert (await premises.move_back()).equal["records"] == 0
    assert (premises.back / "event-log").is_dir()


async def test_a_log_whose_beginning_was_deleted_goes_on_from_its_snapshot(
    premises: Premises, tmp_path: Path
) -> None:
    premises.shop = shop = await asyncio.to_thread(pruned, tmp_path / "pruned")
    there = await premises.move()
    assert await premises.records() == records_of(shop)
    found = await premises.audit()
    assert (found.base, found.findings) == (12, [])
    [head] = await premises.ask("SELECT sequence, deleted_through FROM surestock.head")
    assert tuple(head) == (24, 12)
    back = await premises.move_back()
    assert back.equal == there.equal
    returned = again(shop, premises.back)
    assert records_of(returned) == records_of(shop)
    assert audit(returned.log, DAY, shop.clock, lambda _: None, archived=False).findings == []


async def test_records_from_before_the_snapshot_are_moved_and_their_keys_stand(
    premises: Premises, tmp_path: Path
) -> None:
    """A snapshot may be lost: then the log begins before the oldest one that is left."""
    premises.shop = shop = await asyncio.to_thread(pruned, tmp_path / "pruned")
    shop.snapshots[0].unlink()
    there = await premises.move()
    assert await premises.records() == records_of(shop)
    found = await premises.audit()
    assert (found.base, found.findings) == (18, [])
    assert there.equal["ended reservations"] == 4, "two of them ended before the snapshot"
    back = await premises.move_back()
    assert records_of(again(shop, premises.back)) == records_of(shop)
    assert back.equal["SKUs (store and SKU)"] == there.equal["SKUs (store and SKU)"]


@pytest.mark.parametrize("failpoint", ["move.committed", "move.state", "move.end"])
async def test_nobody_may_serve_before_the_move_has_come_to_its_end(
    premises: Premises, failpoint: str
) -> None:
    failpoints.arm(failpoint, struck)
    with pytest.raises(Struck):
        await premises.move()
    with pytest.raises(UnfinishedMove, match="give the same `surestock move` again"):
        await _check(premises.url)
    failpoints.disarm_all()
    await premises.until_alone()
    await premises.move()
    await _check(premises.url)


async def test_migrations_that_are_there_are_not_applied_again(premises: Premises) -> None:
    await migrated(premises.url)
    await premises.move()


async def _check(url: str) -> None:
    lane = Lane(moving_config(url))
    try:
        async with lane.use() as connection:
            await check_moved(connection)
    finally:
        await lane.close()
