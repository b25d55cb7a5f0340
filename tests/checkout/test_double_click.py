"""Clicks that come while an order is on its way: however long that takes, there is one order."""

import asyncio

import pytest

from tests.checkout.broken import serves_each_click_by_itself
from tests.checkout.shop import STOCK, TestShop


async def click_on_and_on() -> None:
    """Click five times while the platform takes its time, which passes what it calls its own."""
    shop = TestShop()
    await shop.stock_up()
    await shop.fill()
    gate = shop.provider.script.hold("place_order")
    async with shop.at_work():
        clicks = [asyncio.ensure_future(shop.buy(key="k-0"))]
        await shop.until_placing()
        for number in range(1, 5):
            clicks.append(asyncio.ensure_future(shop.buy(key=f"k-{number}")))
            for _ in range(50):
                await asyncio.sleep(0)
            shop.advance(31)
        gate.set()
        ends = await asyncio.gather(*clicks, return_exceptions=True)
    assert shop.orders == 1
    assert (await shop.checkout()).status == "completed", ends
    assert len({str(getattr(end, "body", end)) for end in ends}) == 1
    level = await shop.level()
    assert (level.on_hand, level.reserved) == (STOCK - 1, 0)


async def test_five_clicks_while_the_platform_takes_its_time_are_one_order() -> None:
    await click_on_and_on()


async def test_a_desk_that_serves_each_click_by_itself_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serves_each_click_by_itself(monkeypatch)
    with pytest.raises(AssertionError):
        await click_on_and_on()
