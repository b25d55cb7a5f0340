"""What a process leaves open, another takes up; and no trouble of one checkout is the others'."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from surestock.checkout.config import CheckoutConfig
from surestock.checkout.resolution import find_out
from surestock.checkout.shop import Shop
from surestock.inventory.unavailable import Overloaded, ReadOnly, ShuttingDown
from surestock.kit.clock import SystemClock
from tests.checkout.shop import STOCK, TestShop

# Nobody here is answered because his time is over: that would be a matter of the machine.
BRISK = CheckoutConfig(
    answer_s=60.0, first_waits_s=(0.0,), ask_s=0.005, ask_most_s=0.02, reap_s=0.01, at_once=4
)


@asynccontextmanager
async def at_full_work(shop: TestShop) -> AsyncIterator[None]:
    """Let all of a desk run, in real time."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shop.desk.run)
        await anyio.lowlevel.checkpoint()
        yield
        tasks.cancel_scope.cancel()


def brisk(shop: TestShop | None = None) -> TestShop:
    """Return a shop in real time, in which all waits are short; with what ``shop`` left."""
    engine = None if shop is None else shop.engine
    platform = None if shop is None else shop.provider.shop
    clock = SystemClock()
    return TestShop(engine, platform, clock, checkout=BRISK, sleep=asyncio.sleep)


async def until_ended(shop: TestShop, user_id: str = "ann") -> str:
    """Wait until the checkout has an end."""
    async with asyncio.timeout(60):
        while (await shop.checkout(user_id)).is_open:  # noqa: ASYNC110 - the desk is what is tested
            await asyncio.sleep(0.005)
    return (await shop.checkout(user_id)).status


async def test_what_a_crash_left_is_found_and_ended(no_blocking_calls: object) -> None:
    assert no_blocking_calls
    first = brisk()
    await first.stock_up()
    users = ["ann", "bob", "eve"]
    for user_id in users:
        await first.fill(user_id)
    first.provider.script.lose_answer(times=3)
    first.provider.script.fail("find_order", times=2000)  # more than it gets to ask
    async with at_full_work(first):
        for user_id in users:
            assert (await first.buy(user_id)).status == "unknown"
    second = brisk(first)
    async with at_full_work(second):
        assert [await until_ended(second, user_id) for user_id in users] == ["completed"] * 3
        async with asyncio.timeout(60):
            while second.desk.open:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
    assert second.orders == 3
    level = await second.level()
    assert (level.on_hand, level.reserved) == (STOCK - 3, 0)


async def test_a_log_that_cannot_be_read_at_first_is_read_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = brisk()
    await shop.stock_up()
    await shop.fill()
    shop.provider.script.lose_answer()
    shop.provider.script.fail("find_order", times=2)
    async with shop.at_work():
        assert (await shop.buy()).status == "unknown"
    again = brisk(shop)
    lists, failures = again.engine.list_documents, iter([ReadOnly(), ReadOnly(), ReadOnly()])

    async def fails(kind: str, after: str, limit: int) -> object:
        for error in failures:
            raise error
        return await lists(kind, after, limit)

    monkeypatch.setattr(again.engine, "list_documents", fails)
    async with at_full_work(again):
        assert await until_ended(again) == "completed"


async def test_a_defect_that_one_checkout_meets_stops_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = brisk()
    await shop.stock_up()
    for user_id in ("ann", "bob"):
        await shop.fill(user_id)
    shop.provider.script.lose_answer(times=2)
    shop.provider.script.fail("find_order", times=4)

    async def breaks(of: Shop, *rest: object) -> object:
        if getattr(rest[1], "user_id", None) == "ann":
            raise RuntimeError("a defect")
        return await find_out(of, *rest)  # type: ignore[arg-type]

    async with at_full_work(shop):
        with monkeypatch.context() as patch:
            patch.setattr("surestock.checkout.recovery.find_out", breaks)
            for user_id in ("ann", "bob"):
                await shop.buy(user_id)
            assert await until_ended(shop, "bob") == "completed"
            assert (await shop.checkout("ann")).status == "unknown"
        assert await until_ended(shop) == "completed"
    assert shop.orders == 2


async def test_who_waits_when_the_service_stops_is_told_where_to_ask() -> None:
    shop = brisk()
    await shop.stock_up()
    await shop.fill()
    gate = shop.provider.script.hold("place_order")
    async with at_full_work(shop):
        click = asyncio.ensure_future(shop.buy(key="k-1"))
        await shop.until_placing()
    assert (await click).status == "in_progress"
    with pytest.raises(ShuttingDown):
        await shop.buy(key="k-1")
    gate.set()
    again = brisk(shop)
    async with at_full_work(again):
        assert (await again.buy(key="k-1")).status in {"unknown", "completed"}
    assert again.orders <= 1


async def test_who_waits_for_a_turn_when_the_service_stops_has_bought_nothing() -> None:
    shop = brisk()
    await shop.stock_up()
    await shop.fill()
    async with shop.queue.turn("ann"), at_full_work(shop):
        click = asyncio.ensure_future(shop.buy(key="k-1"))
        await asyncio.sleep(0.01)
    with pytest.raises(ShuttingDown):
        await click
    assert shop.orders == 0
    assert (await shop.level()).reserved == 0


async def test_an_order_whose_record_fails_is_in_progress_and_not_undone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop = brisk()
    await shop.stock_up()
    await shop.fill()
    transacts = shop.engine.transact

    async def fails(envelope: object) -> object:
        if type(getattr(envelope, "command", None)).__name__ == "CompleteCheckout":
            raise ReadOnly
        return await transacts(envelope)  # type: ignore[arg-type]

    async with at_full_work(shop):
        with monkeypatch.context() as patch:
            patch.setattr(shop.engine, "transact", fails)
            assert (await shop.buy(key="k-1")).status == "in_progress"
        assert await until_ended(shop) == "completed"
        assert (await shop.buy(key="k-1")).replayed
    assert shop.orders == 1


async def test_no_more_checkouts_run_than_may_at_once() -> None:
    shop = brisk()
    await shop.stock_up()
    users = [f"u{number}" for number in range(5)]
    for user_id in users:
        await shop.fill(user_id)
    gate = shop.provider.script.hold("place_order")
    async with at_full_work(shop):
        clicks = [asyncio.ensure_future(shop.buy(user_id)) for user_id in users[:4]]
        await shop.until_placing()
        with pytest.raises(Overloaded):
            await shop.buy(users[4], key="k-1")
        gate.set()
        await asyncio.gather(*clicks)
        assert (await shop.buy(users[4], key="k-1")).status == "completed"
    assert shop.orders == 5
    assert len(shop.desk.joined) == 0
