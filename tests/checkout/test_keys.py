"""A client's key is answered once, whoever began the checkout, and whatever the clocks do."""

import asyncio
from datetime import timedelta

import pytest
from msgspec import structs

from surestock.cart.commands import RepeatCheckout
from surestock.cart.model import Checkout
from surestock.cart.refusals import CartConflict, CartEmpty
from surestock.checkout.errors import CheckoutFailed
from surestock.idempotency import IdempotencyConflict
from surestock.inventory.refusals import NotFound
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Envelope, Outcome
from tests.checkout.shop import STOCK, TestShop


class SettableClock(ManualClock):
    """A clock whose wall time a person can set."""

    def set_back(self, time: timedelta) -> None:
        self._now -= time

    def set_forward(self, time: timedelta) -> None:
        self._now += time


@pytest.fixture
async def shop() -> TestShop:
    """A stocked shop with a cart of ann's."""
    made = TestShop(clock=SettableClock())
    await made.stock_up()
    await made.fill()
    return made


async def test_a_key_that_joined_tells_of_that_order_when_there_is_another_cart(
    shop: TestShop,
) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        clicks = [asyncio.ensure_future(shop.buy(key=f"k-{n}")) for n in range(3)]
        await shop.until_placing()
        gate.set()
        ends = await asyncio.gather(*clicks)
        await shop.fill()
        again = [await shop.buy(key=f"k-{n}") for n in range(3)]
    assert [end.body for end in again] == [end.body for end in ends]
    assert all(end.replayed for end in again)
    assert shop.orders == 1
    assert await shop.cart() is not None


async def test_a_key_that_came_after_the_order_tells_of_it_when_there_is_another_cart(
    shop: TestShop,
) -> None:
    async with shop.at_work():
        await shop.buy()
        first = await shop.buy(key="k-1")
        await shop.fill()
        assert (await shop.buy(key="k-1")).body == first.body
    assert shop.orders == 1


async def test_a_key_that_joined_a_declined_payment_stays_declined(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        first = asyncio.ensure_future(shop.buy(key="k-1", method="declined"))
        await shop.until_placing()
        joined = asyncio.ensure_future(shop.buy(key="k-2"))
        await asyncio.sleep(0)
        gate.set()
        told = []
        for click in (first, joined, shop.buy(key="k-1", method="declined"), shop.buy(key="k-2")):
            with pytest.raises(CheckoutFailed) as caught:
                await click
            told.append((caught.value.failure, caught.value.request_id))
    assert told == [told[0]] * 4
    assert shop.orders == 0


async def test_a_key_that_joined_an_order_in_doubt_is_told_its_end_for_good(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=20.0)
    async with shop.at_work():
        assert (await shop.buy(key="k-1")).status == "unknown"
        assert (await shop.buy(key="k-2")).status == "unknown"
        shop.advance(20)
        await shop.desk.recovery.ask("ann")
        await shop.fill()
        assert (await shop.buy(key="k-2")).body == (await shop.buy(key="k-1")).body
    assert shop.orders == 1


async def test_a_key_that_joined_with_another_payload_is_a_conflict(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        clicks = [asyncio.ensure_future(shop.buy(key="k-1"))]
        await shop.until_placing()
        clicks.append(asyncio.ensure_future(shop.buy(key="k-2", method="card")))
        await asyncio.sleep(0)
        with pytest.raises(IdempotencyConflict):
            await shop.buy(key="k-2", method="invoice")
        gate.set()
        await asyncio.gather(*clicks)
        with pytest.raises(IdempotencyConflict):
            await shop.buy(key="k-2", method="invoice")


async def test_a_refusal_of_who_asked_first_is_nobody_elses(shop: TestShop) -> None:
    """The first expects a cart that is not there any more; the second does not."""
    stale = structs.replace(shop.ask(key="k-1"), expected_version=1)
    async with shop.at_work():
        first = asyncio.ensure_future(shop.desk.checkout(stale))
        second = asyncio.ensure_future(shop.buy(key="k-2"))
        with pytest.raises(CartConflict):
            await first
        assert not (await second).replayed
        with pytest.raises(CartConflict):
            await shop.desk.checkout(stale)
    assert shop.orders == 1


async def test_keys_that_are_refused_together_are_each_refused_for_good(shop: TestShop) -> None:
    await shop.do_empty()
    async with shop.at_work():
        clicks = [asyncio.ensure_future(shop.buy(key=f"k-{n}")) for n in range(5)]
        for refused in await asyncio.gather(*clicks, return_exceptions=True):
            assert isinstance(refused, CartEmpty)
        await shop.fill()
        for n in range(5):
            with pytest.raises(CartEmpty):
                await shop.buy(key=f"k-{n}")
    assert shop.orders == 0


async def test_an_open_checkout_is_not_shared_with_who_expects_another_cart(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=20.0)
    async with shop.at_work():
        await shop.buy(key="k-1")
        shop.advance(20)
        with pytest.raises(CartConflict):
            await shop.desk.checkout(structs.replace(shop.ask(key="k-2"), expected_version=1))
    assert (await shop.checkout()).status == "unknown"


async def test_a_failed_key_does_not_come_back_with_another_payload(shop: TestShop) -> None:
    shop.provider.script.down = True
    async with shop.at_work():
        with pytest.raises(Exception, match="cannot be reached"):
            await shop.buy(key="k-1")
        with pytest.raises(IdempotencyConflict):
            await shop.buy(key="k-1", method="card")


async def test_a_key_that_lives_again_when_a_clock_is_set_back_blocks_no_end(
    shop: TestShop,
) -> None:
    clock = shop.clock
    assert isinstance(clock, SettableClock)
    async with shop.at_work():
        first = await shop.buy(key="k-1")
        await shop.fill()
        clock.set_forward(timedelta(hours=25))
        shop.provider.script.accept_late(seconds=20.0)
        assert (await shop.buy(key="k-1")).status == "unknown"
        clock.set_back(timedelta(hours=25))
        clock.advance(20)
        await shop.desk.recovery.ask("ann")
        assert (await shop.checkout()).status == "completed"
        level = await shop.level()
        assert (level.on_hand, level.reserved) == (STOCK - 2, 0)
        assert (await shop.buy(key="k-1")).body == first.body
    assert shop.orders == 2


async def test_no_key_is_kept_once_its_checkout_has_ended(shop: TestShop) -> None:
    async with shop.at_work():
        with pytest.raises(NotFound):
            await shop.buy("bob", key="k-1")
        with pytest.raises(CheckoutFailed):
            await shop.buy(key="k-2", method="declined")
        await shop.buy(key="k-3")
    assert len(shop.desk.joined) == 0
    found = await shop.engine.find_document((Checkout.KIND, "ann"))
    assert isinstance(found, Checkout)
    assert found.status == "completed"


async def test_who_has_a_new_cart_is_not_told_of_the_end_of_the_last(
    shop: TestShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first order is on record, and its desk is still at it: another key joined it."""
    transacts, gate = shop.engine.transact, asyncio.Event()
    settles = asyncio.Event()

    async def transact(envelope: Envelope) -> Outcome:
        if isinstance(envelope.command, RepeatCheckout) and not settles.is_set():
            settles.set()
            await gate.wait()
        return await transacts(envelope)

    monkeypatch.setattr(shop.engine, "transact", transact)
    async with shop.at_work():
        clicks = [asyncio.ensure_future(shop.buy(key=f"k-{n}")) for n in range(2)]
        await settles.wait()
        first = await shop.buy(key="k-0")
        await shop.fill()
        later = asyncio.ensure_future(shop.buy(key="k-9"))
        for _ in range(20):
            await asyncio.sleep(0)
        gate.set()
        ends = await asyncio.gather(*clicks)
        assert [end.body for end in ends] == [first.body] * 2
        bought = await later
        assert bought.body != first.body
        assert (await shop.buy(key="k-9")).body == bought.body
    assert shop.orders == 2
