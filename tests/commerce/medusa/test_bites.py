"""Where Medusa's answers are less than they seem: each bite, on the real one."""

import asyncio

import pytest

from surestock.commerce.conformance.shopper import Shopper, new_attempt
from surestock.commerce.errors import (
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    OutcomeUnknown,
    PaymentDeclined,
    Unavailable,
)
from surestock.commerce.http import HttpConfig
from surestock.commerce.port import Address, OrderRequest, PlacedOrder
from tests.commerce.medusa.lab import MedusaLab
from tests.commerce.medusa.shop import LAST, PHONE
from tests.real.process import Server

pytestmark = [pytest.mark.medusa, pytest.mark.timeout(1200)]


async def _prepared(lab: MedusaLab, token: str | None = None) -> tuple[Shopper, OrderRequest]:
    shopper = await Shopper.enter(lab, {0: 1})
    request = lab.request(new_attempt(), shopper.subtotal, token)
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    return shopper, request


async def test_five_who_place_at_once_get_one_order(lab: MedusaLab) -> None:
    shopper, request = await _prepared(lab)
    places = [lab.provider.place_order(shopper.context, request) for _ in range(5)]
    orders = await asyncio.gather(*places)
    assert len(set(orders)) == 1
    assert orders[0].state == "placed"
    assert lab.shop.orders_of(request.attempt_id) == 1


@pytest.mark.parametrize("token", ["decline", "refuse-later", "more"])
async def test_an_order_without_its_payment_is_none(lab: MedusaLab, token: str) -> None:
    """A refusal comes as 400, a gateway that breaks off as 200 with a cart."""
    shopper, request = await _prepared(lab, token)
    with pytest.raises(PaymentDeclined):
        await lab.provider.place_order(shopper.context, request)
    assert lab.shop.orders_of(request.attempt_id) == 0
    assert await shopper.find(request.attempt_id) is None
    await shopper.look()
    assert shopper.quantities == {PHONE.sku: 1}


async def test_an_order_that_is_paid_later_is_pending(lab: MedusaLab) -> None:
    shopper, request = await _prepared(lab, "defer")
    order = await lab.provider.place_order(shopper.context, request)
    assert order.state == "pending"
    assert await shopper.find(request.attempt_id) == order


async def test_a_connection_that_breaks_in_the_middle_leaves_the_outcome_open(
    either_lab: MedusaLab,
) -> None:
    """``completed_at`` is set by then, and still nothing is paid."""
    shopper, request = await _prepared(either_lab, "slow-3000")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_cut_when_there_is_an_order(either_lab, request))
        with pytest.raises(OutcomeUnknown):
            await either_lab.provider.place_order(shopper.context, request)
    early = await shopper.find(request.attempt_id)
    if either_lab.config.secret_key is None:
        assert early is not None, "completing again waits for the first completion"
    else:
        assert early is None or early.state in {"pending", "placed"}
    again = await either_lab.provider.place_order(shopper.context, request)
    assert again.state == "placed"
    assert await shopper.find(request.attempt_id) == again
    assert either_lab.shop.orders_of(request.attempt_id) == 1


async def _cut_when_there_is_an_order(lab: MedusaLab, request: OrderRequest) -> None:
    await lab.shop.until_half_done(request.attempt_id)
    lab.wire.cut()


async def test_an_order_that_it_died_over_is_never_placed(either_lab: MedusaLab) -> None:
    """Killed while the gateway works, it leaves an order that nobody has paid."""
    shopper, request = await _prepared(either_lab, "slow-60000")
    with either_lab.shop.another() as (server, url):
        http = HttpConfig(base_url=url, read_s=60, total_s=60)
        doomed = either_lab.restarted(http=http)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_kill_at_the_gateway(either_lab, request, server))
            with pytest.raises(OutcomeUnknown):
                await doomed.place_order(shopper.context, request)
    found = await shopper.find(request.attempt_id)
    assert found is not None
    assert found.state == "pending"
    again = await either_lab.provider.place_order(shopper.context, request)
    assert again == found, "placing again takes no money, and says so"
    assert either_lab.shop.orders_of(request.attempt_id) == 1


async def _kill_at_the_gateway(lab: MedusaLab, request: OrderRequest, server: Server) -> None:
    await lab.shop.until_half_done(request.attempt_id)
    server.end()


async def test_to_look_for_an_order_places_none(either_lab: MedusaLab) -> None:
    shopper, request = await _prepared(either_lab)
    assert await shopper.find(request.attempt_id) is None
    assert either_lab.shop.orders_of(request.attempt_id) == 0
    await either_lab.provider.place_order(shopper.context, request)


async def test_a_cart_that_became_an_order_is_gone(lab: MedusaLab) -> None:
    shopper, request = await _prepared(lab)
    await lab.provider.place_order(shopper.context, request)
    another = lab.request(new_attempt(), request.subtotal)
    for verb in (
        shopper.look,
        lambda: shopper.hold(PHONE, 2),
        lambda: lab.provider.remove_item(shopper.context, shopper.cart.lines[0]),
        lambda: lab.provider.prepare_checkout(shopper.context, another),
        lambda: lab.provider.place_order(shopper.context, another),
    ):
        with pytest.raises(CartExpired):
            await verb()


async def test_a_cart_is_placed_only_under_the_attempt_it_was_prepared_for(lab: MedusaLab) -> None:
    shopper, request = await _prepared(lab)
    with pytest.raises(Conflict):
        await lab.provider.place_order(shopper.context, lab.request(new_attempt(), 1))
    assert lab.shop.orders_of(request.attempt_id) == 0


async def test_of_the_last_unit_one_of_two_gets_it(lab: MedusaLab) -> None:
    """A cart holds no stock, so that both may have it until they are completed."""
    lab.articles = (LAST, PHONE, PHONE)
    buyers = [await _prepared(lab) for _ in range(2)]
    places = [lab.provider.place_order(shopper.context, request) for shopper, request in buyers]
    outcomes = await asyncio.gather(*places, return_exceptions=True)
    (order,) = [one for one in outcomes if isinstance(one, PlacedOrder)]
    (refused,) = [one for one in outcomes if isinstance(one, CommerceError)]
    assert order.state == "placed"
    assert isinstance(refused, InsufficientStock)
    assert (refused.sku, refused.available) == (LAST.sku, 0)


async def test_lines_of_the_same_sku_count_as_one(lab: MedusaLab) -> None:
    shopper = await Shopper.enter(lab, {0: 2})
    lab.shop.add_gift(shopper.context.external_cart_id, PHONE.sku, 3)
    await shopper.look()
    assert shopper.quantities == {PHONE.sku: 5}
    await shopper.hold(PHONE, 4)
    assert shopper.quantities == {PHONE.sku: 4}
    await shopper.look()
    assert shopper.quantities == {PHONE.sku: 4}


async def test_an_address_outside_the_region_is_refused(lab: MedusaLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    request = lab.request(new_attempt(), shopper.subtotal)
    tokyo = Address("1 Street", "Tokyo", "100", "JP")
    with pytest.raises(Conflict):
        await lab.provider.prepare_checkout(
            shopper.context, OrderRequest(request.attempt_id, "EUR", 1, request.customer, tokyo)
        )


@pytest.mark.parametrize("currency", ["JPY", "CHF"])
async def test_a_currency_that_has_no_region_is_refused(lab: MedusaLab, currency: str) -> None:
    with pytest.raises(Conflict):
        await lab.provider.open_cart(currency, "cart-1")


async def test_a_key_that_does_not_open_the_shop_is_told_apart(lab: MedusaLab) -> None:
    with pytest.raises(Unavailable, match="key"):
        await lab.restarted(publishable_key="pk_no").open_cart("EUR", "cart-1")
    shopper, request = await _prepared(lab)
    with pytest.raises(Unavailable, match="key"):
        await lab.restarted(publishable_key="pk_no").place_order(shopper.context, request)
