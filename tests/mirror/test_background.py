"""What follows a change of a cart: one sync, a little later, and at so many carts at once."""

import asyncio

import pytest

from surestock.cart.commands import BeginCheckout, CompleteCheckout, FailCheckout, NoteMirror
from surestock.cart.model import Checkout, Failure, Order
from surestock.mirror import MirrorConfig
from tests.mirror.platform import FakePlatform, Fault
from tests.mirror.shop import Shop, on_virtual_time


def test_a_burst_of_changes_is_one_sync_a_second_later() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            for _ in range(20):
                await shop.add("U", "P1")
            await asyncio.sleep(0.9)
            assert shop.platform.calls == []
            await asyncio.sleep(0.2)
            assert shop.platform.verbs() == ["open_cart", "set_quantity"]
            assert shop.desk.noted(NoteMirror) == 1
            await shop.check()

    on_virtual_time(story)


def test_changes_while_a_sync_runs_are_one_more_sync_and_no_third() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.plan("slow")
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(2)
            for _ in range(5):
                await shop.add("U", "P2")
                await asyncio.sleep(1.5)
            await shop.settle()
            assert shop.desk.noted(NoteMirror) == 2
            await shop.check()

    on_virtual_time(story)


def test_so_many_syncs_run_at_once_and_no_more() -> None:
    async def story() -> None:
        shop = Shop(config=MirrorConfig(at_once=4))
        await shop.open()
        slow: list[Fault] = ["slow"] * 12
        shop.platform.plan(*slow)
        async with shop.running():
            for number in range(12):
                await shop.add(f"U{number}", "P1")
            await shop.settle()
            assert shop.platform.most_at_once == 4
            await shop.check()

    on_virtual_time(story)


def test_a_new_start_takes_up_every_cart_that_is_not_synced_and_no_other() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            for number in range(30):
                await shop.add(f"U{number}", "P1")
            await shop.settle()
        for number in range(10):
            await shop.add(f"U{number}", "P2")
        shop.platform.calls.clear()
        shop.restarted()
        async with shop.running():
            await asyncio.sleep(0.5)
            await shop.check()
        # Nothing is remembered, so each is read before it is changed.
        assert sorted(shop.platform.verbs()) == ["read_cart"] * 10 + ["set_quantity"] * 10

    on_virtual_time(story)


def test_another_platform_takes_over_every_cart() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1", 3)
            await shop.settle()
        shop.platform = FakePlatform("next")
        shop.restarted()
        async with shop.running():
            await asyncio.sleep(1)
            await shop.check()
        assert shop.platform.verbs() == ["open_cart", "set_quantity"]
        context = (await shop.cart("U")).mirror.context
        assert context is not None
        assert context.provider == "next"

    on_virtual_time(story)


@pytest.mark.parametrize(("idle_s", "reads"), [(800, 0), (901, 1)])
def test_a_cart_is_validated_after_fifteen_idle_minutes_only(idle_s: float, reads: int) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            await asyncio.sleep(idle_s)
            shop.platform.calls.clear()
            await shop.add("U", "P1")
            await shop.settle()
            assert shop.platform.verbs() == ["read_cart"] * reads + ["set_quantity"]

    on_virtual_time(story)


@pytest.mark.parametrize("idle_s", [60, 3_600])
def test_a_cart_that_expired_is_made_again_with_all_its_items(idle_s: float) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1", 2)
            await shop.add("U", "P2", 3)
            await shop.settle()
            shop.platform.carts.clear()
            await asyncio.sleep(idle_s)
            await shop.set("U", "P1", 4)
            await shop.settle()
            await shop.check()
            assert shop.mirrors.figures.recreated == 1
            assert shop.mirrors.figures.failed == 0

    on_virtual_time(story)


def test_a_cart_that_is_being_checked_out_is_left_alone_until_it_is_free() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.do(BeginCheckout("U"))
            await asyncio.sleep(60)
            assert shop.platform.calls == []
            checkout = await shop.desk.find_document(("#checkout", "U"))
            assert isinstance(checkout, Checkout)
            attempt_id = checkout.attempt.attempt_id
            await shop.do(FailCheckout("U", attempt_id, Failure("PaymentDeclined", "No.")))
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


def test_a_cart_that_was_bought_is_not_made_a_second_time() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        await shop.add("U", "P1")
        await shop.do(BeginCheckout("U"))
        checkout = await shop.desk.find_document(("#checkout", "U"))
        assert isinstance(checkout, Checkout)
        order = Order("O1", "1", 1999, "EUR")
        await shop.do(CompleteCheckout("U", checkout.attempt.attempt_id, order))
        async with shop.running():
            await shop.settle()
            assert shop.platform.calls == []

    on_virtual_time(story)


def test_while_somebody_has_the_users_turn_other_users_are_synced() -> None:
    async def story() -> None:
        shop = Shop(config=MirrorConfig(at_once=1))
        await shop.open()
        async with shop.running():
            async with shop.queue.turn("U"):
                await shop.add("U", "P1")
                await shop.add("V", "P1")
                await asyncio.sleep(5)
                assert (await shop.cart("V")).mirror.state == "synced"
                assert (await shop.cart("U")).mirror.state == "pending"
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


def test_a_defect_that_one_cart_meets_is_told_and_stops_no_other() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()

        def script(_: str) -> None:
            if shop.platform.calls[-1][1] == poisoned:
                raise ZeroDivisionError

        async with shop.running():
            await shop.add("U", "P1")
            poisoned = (await shop.cart("U")).cart_id
            shop.platform.script = script
            await shop.add("V", "P1")
            await asyncio.sleep(10)
            assert (await shop.cart("V")).mirror.state == "synced"
            [line] = [it for it in shop.lines if it["level"] == "error"][:1]
            assert line["user"] == "U"
            assert "ZeroDivisionError" in line["exception"]
            shop.platform.plan()
            await shop.settle()
            await shop.check()

    on_virtual_time(story)
