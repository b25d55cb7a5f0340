"""Documents obey the durability rule, and are there after any start."""

import asyncio
from pathlib import Path

import pytest

from surestock.cart.commands import AddItem, DropCart, PutProduct
from surestock.cart.model import Cart, Product
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import ReadOnly
from surestock.kit.clock import ManualClock
from surestock.snapshot import newest_snapshot
from tests.engine.log.bench import Disk, engine_on, sent
from tests.engine.log.shop import engine_in, folded, keep_up
from tests.engine.log.test_failing_disk import FULL
from tests.journal.logs import failing

CART = (Cart.KIND, "ann")
TEA = PutProduct("tea", "Tea", "accessory", 500, "EUR", stocked=False)


async def turns(times: int = 20) -> None:
    for _ in range(times):
        await asyncio.sleep(0)


async def test_nobody_reads_a_cart_before_it_is_durable(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(TEA))
        disk.hold()
        added = tasks.create_task(engine.transact(sent(AddItem("ann", "tea", 1))))
        await turns()
        second = tasks.create_task(engine.transact(sent(AddItem("ann", "tea", 1))))
        await turns()
        assert not added.done()
        assert await engine.find_document(CART) is None
        assert await engine.list_documents(Cart.KIND, "", 10) == []
        disk.let_go()
        await added
        assert (await second).reply.version == 2
        assert isinstance(await engine.find_document(CART), Cart)


async def test_a_refusal_waits_for_the_end_of_the_cart_that_it_rests_on(tmp_path: Path) -> None:
    disk = Disk()
    async with engine_on(tmp_path) as engine, asyncio.TaskGroup() as tasks:
        await engine.transact(sent(TEA))
        await engine.transact(sent(AddItem("ann", "tea", 1)))
        disk.hold()
        dropped = tasks.create_task(engine.transact(sent(DropCart("ann"))))
        await turns()
        again = tasks.create_task(caught(engine.transact(sent(DropCart("ann")))))
        await turns()
        assert not again.done()
        assert isinstance(await engine.find_document(CART), Cart)
        disk.let_go()
        await dropped
        assert isinstance(await again, NotFound)


async def caught(answer: object) -> BaseException | None:
    try:
        await answer  # type: ignore[misc]
    except NotFound as error:
        return error
    return None


async def test_a_cart_that_could_not_be_written_never_was(tmp_path: Path) -> None:
    async with engine_on(tmp_path) as engine:
        await engine.transact(sent(TEA))
        with failing("journal.write", FULL, times=99), pytest.raises(ReadOnly):
            await engine.transact(sent(AddItem("ann", "tea", 1)))
        added = await engine.transact(sent(AddItem("ann", "tea", 1)))
    assert added.reply.version == 1


async def test_a_start_with_a_snapshot_has_every_document(tmp_path: Path) -> None:
    clock = ManualClock()
    async with engine_in(tmp_path, clock) as engine:
        await engine.transact(sent(TEA))
        for number in range(10):
            await engine.transact(sent(AddItem(f"user-{number}", "tea", 1)))
        for number in range(0, 10, 2):
            await engine.transact(sent(DropCart(f"user-{number}")))
    assert keep_up(tmp_path, clock).snapshot is not None
    snapshot = newest_snapshot(tmp_path / "snapshots")
    assert snapshot is not None
    assert [it.key for it in snapshot.documents] == sorted(it.key for it in snapshot.documents)
    async with engine_in(tmp_path, clock) as engine:
        await engine.transact(sent(AddItem("user-1", "tea", 1)))
        await engine.transact(sent(DropCart("user-3")))
        carts = await engine.list_documents(Cart.KIND, "", 100)
        products = await engine.list_documents(Product.KIND, "", 100)
    assert [it.key[1] for it in carts] == ["user-1", "user-5", "user-7", "user-9"]
    assert carts + products == folded(tmp_path).all_documents()
