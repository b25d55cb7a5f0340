"""Looks, where several processes let go of idle carts: told now and then, and never by a read."""

import asyncio

from surestock.cart.commands import NoteMirror
from surestock.mirror import MirrorConfig
from tests.mirror.member import members
from tests.mirror.shop import Shop, on_virtual_time


def test_a_look_is_told_to_the_other_processes_now_and_then_and_not_at_each_look() -> None:
    async def story() -> None:
        shop = Shop()
        config = MirrorConfig(tell_looks_s=600.0)
        async with members(shop, config) as both:
            await shop.add("U", "P1", 2)
            both[0].mirrors.changed("U")
            await asyncio.sleep(10.0)
            before = shop.desk.noted(NoteMirror)
            for _ in range(60):
                await asyncio.sleep(60.0)
                both[0].mirrors.seen("U")
            cart = await shop.cart("U")
            unknown_s = (shop.clock.now() - cart.accessed_at).total_seconds()
            assert unknown_s <= config.tell_looks_s + 60.0
            assert both[1].mirrors.untold_s > unknown_s
            assert shop.desk.noted(NoteMirror) - before in {5, 6}
            assert cart.version == 1

    on_virtual_time(story)


def test_a_look_that_cannot_be_told_makes_no_failure_of_a_synced_cart() -> None:
    async def story() -> None:
        shop = Shop()
        config = MirrorConfig(look_s=1.0, heal_most_s=20.0, tell_looks_s=60.0)
        async with members(shop, config) as both:
            await shop.add("U", "P1", 2)
            both[0].mirrors.changed("U")
            await asyncio.sleep(3.0)
            shop.platform.script = lambda _: "away"
            await asyncio.sleep(2 * config.tell_looks_s)
            both[0].mirrors.seen("U")
            await asyncio.sleep(60.0)
            assert (await shop.cart("U")).mirror.state == "synced"
            assert len(shop.platform.calls) < 40
            shop.platform.script = lambda _: None
            await asyncio.sleep(60.0)
            cart = await shop.cart("U")
            assert (shop.clock.now() - cart.accessed_at).total_seconds() < 200.0

    on_virtual_time(story)


def test_one_process_alone_looks_once_and_tells_no_look() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(10.0)
            calls = len(shop.platform.calls)
            await asyncio.sleep(3 * 3600.0)
            shop.mirrors.seen("U")
            await asyncio.sleep(60.0)
            assert len(shop.platform.calls) == calls
            assert shop.mirrors.untold_s == 0.0

    on_virtual_time(story)
