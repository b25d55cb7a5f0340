"""A platform that fails is asked again, ever more rarely, and every failure is recorded once."""

import asyncio
from itertools import pairwise

import pytest

from surestock.cart.commands import NoteMirror
from surestock.commerce.errors import Unavailable
from surestock.mirror.config import MirrorConfig
from surestock.mirror.healing import Healing
from tests.mirror.platform import Fault
from tests.mirror.shop import PRICE, Shop, on_virtual_time


def test_a_sync_that_failed_is_tried_again_later_each_time_and_heals() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        tries: list[float] = []

        def script(_: str) -> Fault:
            tries.append(round(shop.clock.monotonic()))
            return "refuse"

        shop.platform.script = script
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(1_500)
            waits = [after - before for before, after in pairwise(tries)]
            assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]
            assert shop.desk.noted(NoteMirror) == 1
            cart = await shop.cart("U")
            assert cart.mirror.state == "failed"
            assert cart.mirror.error == "The commerce platform refused it."
            shop.platform.plan()
            await shop.settle()
            await shop.check()
            assert (await shop.cart("U")).mirror.error is None

    on_virtual_time(story)


def test_a_change_of_a_cart_that_failed_is_tried_soon() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.script = lambda _: "refuse"
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(600)
            shop.platform.plan()
            await shop.set("U", "P1", 3)
            await asyncio.sleep(1.5)
            await shop.check()

    on_virtual_time(story)


def test_a_platform_that_is_gone_is_not_hammered_by_every_cart() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.script = lambda _: "away"
        async with shop.running():
            for number in range(500):
                await shop.add(f"U{number}", "P1")
            await asyncio.sleep(60)
            # It asks to be left alone for 2 s, and so many syncs begin at once.
            assert len(shop.platform.calls) <= 16 * 31
            assert shop.desk.noted(NoteMirror) <= 500
            assert shop.mirrors.figures.pending == 500
            shop.platform.plan()
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


def test_after_a_long_absence_no_cart_waits_long() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.script = lambda _: "away"
        async with shop.running():
            for number in range(40):
                await shop.add(f"U{number}", "P1")
            await asyncio.sleep(1_200)
            shop.platform.plan()
            await asyncio.sleep(12)
            assert shop.mirrors.figures.pending == 0
            await shop.check()

    on_virtual_time(story)


def test_only_an_answer_of_the_platform_ends_the_quiet() -> None:
    healing = Healing(MirrorConfig(), lambda: 100.0)
    for user_id in ("U", "V", "W"):
        healing.failed(user_id, Unavailable("away", 5))
    assert healing.quiet_until == 105.0
    healing.succeeded("U")  # its mirror was right as it was: nobody was asked
    assert healing.quiet_until == 105.0
    healing.answered()
    assert healing.quiet_until < 100.0


def test_how_a_platform_words_its_absence_is_no_news_to_record() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.script = lambda _: "away"  # it says something else each time
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(900)
            assert len(shop.platform.calls) > 5
            assert shop.desk.noted(NoteMirror) == 1
            error = (await shop.cart("U")).mirror.error
            assert error == "The commerce platform cannot be reached now."

    on_virtual_time(story)


def test_another_price_at_the_platform_is_told_and_heals_when_it_is_ours() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        shop.platform.prices = {"P1": PRICE + 1}
        async with shop.running():
            await shop.add("U", "P1")
            await asyncio.sleep(10)
            cart = await shop.cart("U")
            assert cart.mirror.state == "failed"
            assert cart.mirror.error == "The commerce platform asks 2000 for SKU P1, not 1999."
            shop.platform.prices = {"P1": PRICE}
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


@pytest.mark.parametrize("fails", [False, True])
def test_a_result_that_cannot_be_recorded_is_recorded_later(*, fails: bool) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1", 2)
            shop.desk.read_only = True
            shop.platform.plan("refuse" if fails else None)
            await asyncio.sleep(30)
            assert (await shop.cart("U")).mirror.state == "pending"
            shop.desk.read_only = False
            await shop.settle()
            await shop.check()
            assert shop.platform.verbs().count("open_cart") == 1 + fails

    on_virtual_time(story)


def test_renewed_contexts_outlive_a_failure_and_a_sync_that_was_not_recorded() -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        async with shop.running():
            await shop.add("U", "P1")
            await shop.settle()
            for _ in range(4):
                shop.desk.read_only = True
                shop.mirrors.changed("U")
                await asyncio.sleep(2)
                shop.desk.read_only = False
                shop.platform.plan(None, None, "refuse")
                for sku in ("P2", "P3", "P4"):
                    await shop.add("U", sku)
                await shop.settle()
            await shop.check()
            assert shop.mirrors.figures.recreated == 0

    on_virtual_time(story)
