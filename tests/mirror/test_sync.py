"""POST /carts/{u}/sync: prices taken over, the platform's cart as ours is, and ours unharmed."""

import asyncio

import pytest

from surestock.cart.commands import BeginCheckout, NoteMirror, PutProduct
from surestock.cart.refusals import CheckoutInProgress, CurrencyConflict
from surestock.commerce import errors as err
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import ReadOnly
from surestock.mirror import QueueFull, SyncFailed
from tests.mirror.platform import Fault
from tests.mirror.shop import Shop, on_virtual_time


async def opened() -> Shop:
    shop = Shop()
    await shop.open()
    return shop


async def put_price(shop: Shop, sku: str, price: int, currency: str = "EUR") -> None:
    await shop.do(PutProduct(sku, f"Product {sku}", "device", price, currency, stocked=False))


def test_it_takes_over_prices_and_brings_the_platform_up() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        await put_price(shop, "P1", 1499)
        cart = await shop.mirrors.sync("U", "till", "r-9")
        assert [item.unit_price for item in cart.items] == [1499]
        assert cart.mirror.state == "synced"
        assert cart == await shop.cart("U")
        await shop.check()

    on_virtual_time(story)


def test_it_always_reads_the_platforms_cart_first() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        await shop.mirrors.sync("U", "till", "r-1")
        shop.platform.carts[next(iter(shop.platform.carts))].lines.clear()
        await shop.mirrors.sync("U", "till", "r-2")
        await shop.check()

    on_virtual_time(story)


@pytest.mark.parametrize(
    ("fault", "is_unreachable"), [("away", True), ("lost", True), ("refuse", False)]
)
def test_a_failure_is_told_and_recorded_and_the_cart_unharmed(
    fault: Fault, *, is_unreachable: bool
) -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        before = await shop.cart("U")
        shop.platform.script = lambda _: fault
        with pytest.raises(SyncFailed, match="is unharmed") as told:
            await shop.mirrors.sync("U", "till", "r-9")
        assert told.value.is_unreachable is is_unreachable
        assert told.value.retry_after_s >= 1
        assert isinstance(told.value.cause, err.CommerceError)
        after = await shop.cart("U")
        assert after.mirror.state == "failed"
        assert after.mirror.error
        assert (after.items, after.version) == (before.items, before.version)
        shop.platform.plan()
        async with shop.running():
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


def test_without_a_cart_there_is_nothing_to_sync() -> None:
    async def story() -> None:
        shop = await opened()
        with pytest.raises(NotFound):
            await shop.mirrors.sync("U", "till", "r-9")
        assert shop.platform.calls == []

    on_virtual_time(story)


def test_a_cart_that_is_being_checked_out_is_left_alone() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        await shop.do(BeginCheckout("U"))
        with pytest.raises(CheckoutInProgress):
            await shop.mirrors.sync("U", "till", "r-9")
        assert shop.platform.calls == []
        assert len(shop.queue) == 0

    on_virtual_time(story)


def test_prices_that_cannot_be_taken_over_are_refused_before_the_platform_is_asked() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        await put_price(shop, "P1", 1999, "USD")
        with pytest.raises(CurrencyConflict):
            await shop.mirrors.sync("U", "till", "r-9")
        assert shop.platform.calls == []

    on_virtual_time(story)


def test_an_engine_that_takes_nothing_on_is_told_and_the_sync_is_not_lost() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)

        def script(verb: str) -> None:
            shop.desk.read_only = verb == "set_quantity"

        shop.platform.script = script
        with pytest.raises(ReadOnly):
            await shop.mirrors.sync("U", "till", "r-9")
        shop.platform.plan()
        shop.desk.read_only = False
        async with shop.running():
            await shop.settle()
            await shop.check()
        assert shop.platform.verbs().count("set_quantity") == 1

    on_virtual_time(story)


def test_more_than_may_wait_are_refused_and_the_others_served() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        shop.platform.plan("slow")
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(attempt(shop)) for _ in range(6)]
        ends = [task.result() for task in tasks]
        assert (ends.count("synced"), ends.count("full")) == (4, 2)
        assert shop.mirrors.figures.refused == 2
        await shop.check()

    on_virtual_time(story)


async def attempt(shop: Shop) -> str:
    try:
        await shop.mirrors.sync("U", "till", "r-9")
    except QueueFull:
        return "full"
    return "synced"


def test_a_look_is_remembered_and_recorded_with_the_next_sync() -> None:
    async def story() -> None:
        shop = await opened()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            await asyncio.sleep(100)
            notes = shop.desk.noted(NoteMirror)
            shop.mirrors.seen("U")
            looked = shop.clock.now()
            await asyncio.sleep(100)
            cart = await shop.cart("U")
            assert cart.accessed_at < looked
            assert shop.mirrors.accessed_at(cart) == looked
            assert shop.desk.noted(NoteMirror) == notes, "a read wrote something"
            await shop.mirrors.sync("U", "till", "r-9")
            cart = await shop.cart("U")
            assert cart.accessed_at == looked == shop.mirrors.accessed_at(cart)

    on_virtual_time(story)


def test_the_checkout_gets_a_validated_cart_and_nothing_is_recorded() -> None:
    async def story() -> None:
        shop = await opened()
        await shop.add("U", "P1", 2)
        await shop.mirrors.sync("U", "till", "r-1")
        records = len(shop.desk.records)
        shop.platform.carts.clear()
        async with shop.queue.turn("U"):
            remote = await shop.mirrors.align(await shop.cart("U"))
        assert {line.sku: line.qty for line in remote.lines} == {"P1": 2}
        assert len(shop.desk.records) == records
        shop.platform.prices = {"P1": 5}
        with pytest.raises(err.PriceChanged):
            await shop.mirrors.align(await shop.cart("U"))

    on_virtual_time(story)


def test_what_a_request_leaves_undone_the_running_background_does() -> None:
    async def story() -> None:
        shop = await opened()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            await put_price(shop, "P1", 1499)
            shop.platform.script = lambda _: "refuse"
            with pytest.raises(SyncFailed):
                await shop.mirrors.sync("U", "till", "r-9")
            shop.platform.plan()
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


def test_what_a_checkout_was_given_is_read_again_before_it_is_believed() -> None:
    async def story() -> None:
        shop = await opened()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            await shop.mirrors.align(await shop.cart("U"))
            shop.platform.calls.clear()
            await shop.add("U", "P2")
            await shop.settle()
            assert shop.platform.verbs() == ["read_cart", "set_quantity"]

    on_virtual_time(story)
