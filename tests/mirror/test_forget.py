"""Carts of the platform that nobody needs are let go of, in the background and best effort."""

import asyncio

from msgspec.structs import replace

from surestock.cart.model import ExternalContext
from surestock.mirror import MirrorConfig
from tests.mirror.shop import Shop, on_virtual_time


def test_a_dropped_cart_is_closed_at_the_platform_with_what_opens_it_now() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            old = (await shop.cart("U")).mirror.context
            for sku in ("P2", "P3"):
                await shop.add("U", sku)
                await shop.settle()
            await shop.drop("U")
            shop.mirrors.forget("U", old)  # a stale context of the same cart
            shop.mirrors.forget("U", None)
            await shop.settle()
            assert shop.platform.carts == {}
            assert shop.mirrors.figures.closed == 1

    on_virtual_time(story)


def test_a_cart_that_is_gone_already_counts_as_closed() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            shop.mirrors.forget("U", ExternalContext("fake", "R99", {"token": "1"}))
            await shop.settle()
            assert (shop.mirrors.figures.closed, shop.mirrors.figures.close_failed) == (1, 0)

    on_virtual_time(story)


def test_a_failure_is_counted_and_told_and_not_tried_again() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            shop.platform.plan("refuse")
            await shop.drop("U")
            await shop.settle()
            assert shop.mirrors.figures.close_failed == 1
            assert [it["level"] for it in shop.lines] == ["info"]
            assert shop.platform.verbs().count("close_cart") == 1

    on_virtual_time(story)


def test_a_cart_in_use_is_never_closed() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            shop.mirrors.forget("U", (await shop.cart("U")).mirror.context)
            await shop.settle()
            await shop.check()
            assert "close_cart" not in shop.platform.verbs()

    on_virtual_time(story)


def test_another_platforms_cart_is_left_to_it() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            context = (await shop.cart("U")).mirror.context
            assert context is not None
            shop.platform.calls.clear()
            shop.mirrors.forget("V", replace(context, provider="other"))
            await shop.settle()
            assert shop.platform.calls == []

    on_virtual_time(story)


def test_a_cart_that_is_dropped_while_its_mirror_is_made_leaves_none_behind() -> None:
    async def story() -> None:
        for fault in (None, "refuse"):
            shop = Shop()
            await shop.open()
            shop.platform.plan("slow", fault)
            async with shop.running():
                await shop.add("U", "P1")
                await asyncio.sleep(5)
                await shop.drop("U")
                await shop.settle()
                assert shop.platform.verbs()[0] == "open_cart"
                assert shop.platform.carts == {}

    on_virtual_time(story)


def test_only_so_many_wait_to_be_closed() -> None:
    async def story() -> None:
        shop = Shop(config=MirrorConfig(most_closing=3))
        await shop.open()
        for number in range(5):
            context = ExternalContext("fake", f"X{number}", {"token": "0"})
            shop.mirrors.forget(f"U{number}", context)
        assert shop.mirrors.figures.close_failed == 2
        async with shop.running():
            await shop.settle()
        assert [cart for _, cart in shop.platform.calls] == ["X2", "X3", "X4"]

    on_virtual_time(story)
