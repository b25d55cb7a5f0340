"""A checkout and its four classic troubles: each ends with one order at the most."""

import asyncio

import pytest
from msgspec import Raw, json

from surestock.cart.commands import AddItem, RemoveItem
from surestock.cart.refusals import CartEmpty, CheckoutInProgress, PriceChanged
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.errors import CheckoutFailed, ProviderUnavailable
from surestock.commerce.errors import Unavailable
from surestock.idempotency import IdempotencyConflict
from surestock.inventory.refusals import LinesRefused, NotFound
from tests.checkout.shop import STOCK, TestShop


@pytest.fixture
async def shop() -> TestShop:
    """A stocked shop with a cart of ann's."""
    made = TestShop()
    await made.stock_up()
    await made.fill()
    return made


def body(end: CheckoutEnd) -> dict[str, object]:
    assert end.body is not None
    found: dict[str, object] = json.decode(end.body)
    return found


async def test_a_checkout_places_one_order_and_sells_what_it_reserved(shop: TestShop) -> None:
    cart = await shop.cart()
    assert cart is not None
    async with shop.at_work():
        end = await shop.buy()
    assert body(end) == {
        "checkoutStatus": "completed",
        "orderId": "sim-order-1",
        "orderNumber": "S00000001",
        "totals": {"subtotal": 51899, "total": 51899, "currency": "EUR"},
        "cartId": cart.cart_id,
    }
    assert not end.replayed
    assert shop.orders == 1
    level = await shop.level()
    assert (level.on_hand, level.reserved) == (STOCK - 1, 0)
    assert await shop.cart() is None


async def test_a_repeat_gets_the_same_answer_with_a_key_and_without(shop: TestShop) -> None:
    async with shop.at_work():
        first = await shop.buy(key="k-1")
        again = await shop.buy(key="k-1")
        keyless = await shop.buy()
    assert first.body == again.body == keyless.body
    assert (first.replayed, again.replayed, keyless.replayed) == (False, True, True)
    assert shop.orders == 1


async def test_a_double_click_with_five_clients_places_one_order(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        clicks = [asyncio.ensure_future(shop.buy(key=f"k-{n}")) for n in range(5)]
        await shop.until_placing()
        late = asyncio.ensure_future(shop.buy())
        await asyncio.sleep(0)
        gate.set()
        ends = await asyncio.gather(*clicks, late)
    assert len({bytes(end.body or Raw(b"")) for end in ends}) == 1
    assert sum(not end.replayed for end in ends) == 1
    assert shop.orders == 1


async def test_the_same_key_with_another_payload_is_a_conflict_at_any_time(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        first = asyncio.ensure_future(shop.buy(key="k-1"))
        await shop.until_placing()
        with pytest.raises(IdempotencyConflict):
            await shop.buy(key="k-1", method="card")
        gate.set()
        await first
        with pytest.raises(IdempotencyConflict):
            await shop.buy(key="k-1", method="card")
    assert shop.orders == 1


async def test_an_answer_that_was_lost_is_found_by_asking(shop: TestShop) -> None:
    shop.provider.script.lose_answer()
    async with shop.at_work():
        end = await shop.buy()
    assert end.status == "completed"
    assert shop.orders == 1
    assert shop.provider.script.calls["place_order"] == 1


async def test_an_order_that_comes_late_is_never_placed_a_second_time(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=20.0)
    async with shop.at_work():
        end = await shop.buy(key="k-1")
        assert end.status == "unknown"
        assert (await shop.level()).reserved == 1
        shop.advance(20)
        again = await shop.buy(key="k-1")
    assert again.status == "completed"
    assert shop.orders == 1


async def test_an_order_that_never_was_fails_after_the_platforms_own_time(shop: TestShop) -> None:
    shop.provider.script.lose_request()
    async with shop.at_work():
        assert (await shop.buy()).status == "unknown"
        shop.advance(25)
        assert (await shop.buy()).status == "unknown"
        shop.advance(6)
        failed = await shop.refused(CheckoutFailed)
        assert failed.failure.code == "ProviderError"
        assert (await shop.level()).reserved == 0
        end = await shop.buy()
    assert end.status == "completed"
    assert shop.orders == 1


async def test_an_attempt_that_was_given_up_and_turns_up_counts(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=100.0)
    async with shop.at_work():
        assert (await shop.buy()).status == "unknown"
        shop.advance(31)
        await shop.refused(CheckoutFailed)
        shop.advance(100)
        end = await shop.buy()
    assert end.status == "completed"
    assert shop.orders == 1
    assert (await shop.level()).on_hand == STOCK - 1


async def test_an_attempt_that_turns_up_for_another_cart_buys_nothing_more(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=100.0)
    async with shop.at_work():
        assert (await shop.buy()).status == "unknown"
        shop.advance(31)
        await shop.refused(CheckoutFailed)
        await shop.fill()
        shop.advance(100)
        for _ in range(2):
            failed = await shop.refused(CheckoutFailed)
            assert failed.failure.code == "ProviderConflict"
    assert shop.orders == 1
    assert (await shop.level()).reserved == 0


async def test_a_declined_payment_frees_cart_and_stock_and_may_be_tried_again(
    shop: TestShop,
) -> None:
    async with shop.at_work():
        failed = await shop.refused(CheckoutFailed, method="declined")
        assert failed.failure.code == "PaymentDeclined"
        assert shop.mirrors.figures.pending == 1  # what was not synced while it was frozen is
        assert (await shop.level()).reserved == 0
        await shop.do(AddItem("ann", "plan", 1))
        end = await shop.buy()
    assert end.status == "completed"
    assert shop.orders == 1


async def test_a_key_that_was_declined_stays_declined(shop: TestShop) -> None:
    async with shop.at_work():
        for replayed in (False, True):
            with pytest.raises(CheckoutFailed) as caught:
                await shop.buy(key="k-1", method="declined")
            assert caught.value.replayed is replayed
        await shop.buy(key="k-2")
        with pytest.raises(CheckoutFailed):
            await shop.buy(key="k-1", method="declined")
    assert shop.provider.script.calls["place_order"] == 2
    assert shop.orders == 1


async def test_a_platform_that_is_down_buys_nothing_and_the_same_key_works_later(
    shop: TestShop,
) -> None:
    shop.provider.script.down = True
    async with shop.at_work():
        with pytest.raises(ProviderUnavailable):
            await shop.buy(key="k-1")
        assert (await shop.level()).reserved == 0
        shop.provider.script.down = False
        end = await shop.buy(key="k-1")
    assert end.status == "completed"
    assert shop.orders == 1


async def test_an_order_that_was_surely_not_sent_is_no_doubt(shop: TestShop) -> None:
    shop.provider.script.fail("place_order", lambda: Unavailable("no connection"))
    async with shop.at_work():
        await shop.refused(ProviderUnavailable)
        assert (await shop.checkout()).status == "failed"


async def test_a_client_that_hangs_up_changes_nothing(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        click = asyncio.ensure_future(shop.buy())
        await shop.until_placing()
        click.cancel()
        with pytest.raises(asyncio.CancelledError):
            await click
        gate.set()
        end = await shop.buy()
    assert end.status == "completed"
    assert shop.orders == 1


async def test_the_cart_is_frozen_while_it_is_bought(shop: TestShop) -> None:
    async with shop.at_work():
        gate = shop.provider.script.hold("place_order")
        click = asyncio.ensure_future(shop.buy())
        await shop.until_placing()
        with pytest.raises(CheckoutInProgress):
            await shop.do(AddItem("ann", "plan", 1))
        gate.set()
        await click
        await shop.do(AddItem("ann", "plan", 1))
        assert (await shop.buy()).status == "completed"
    assert shop.orders == 2


async def test_what_cannot_be_bought_is_refused_before_anything_leaves(shop: TestShop) -> None:
    async with shop.at_work():
        await shop.refused(NotFound, "bob")
        await shop.stock_up(price=50000)
        changed = await shop.refused(PriceChanged)
        assert [(it.sku, it.old, it.new) for it in changed.changes] == [("phone", 49900, 50000)]
        await shop.fill("eve", qty=STOCK + 1)
        await shop.refused(LinesRefused, "eve")
        await shop.fill("bob")
        for sku in ("phone", "plan"):
            await shop.do(RemoveItem("bob", sku))
        await shop.refused(CartEmpty, "bob")
    assert shop.provider.script.calls == {}
    assert (await shop.level()).reserved == 0
