"""An attempt makes one order of a Vendure that settles every payment that it is sent."""

import asyncio

import pytest

from surestock.commerce.conformance.shopper import Shopper, new_attempt
from surestock.commerce.errors import Conflict, OutcomeUnknown, PaymentDeclined
from surestock.commerce.port import OrderRequest
from tests.commerce.vendure.bench import VendureLab, provider
from tests.commerce.vendure.shop import SHIPPING

pytestmark = pytest.mark.timeout(900)  # a first run installs the shop


async def prepared(lab: VendureLab, page: str) -> tuple[Shopper, OrderRequest]:
    """Return a shopper whose order waits for a payment, and what the payment page gave."""
    shopper = await lab.shopper({0: 1, 1: 2})
    request = lab.request(new_attempt(), shopper.subtotal, page)
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    return shopper, request


async def test_the_attempt_is_known_before_anything_is_paid(lab: VendureLab) -> None:
    _, request = await prepared(lab, "ok")
    assert lab.orders_of(request.attempt_id) == 1
    assert await lab.count_orders(request.attempt_id) == 0


async def test_nothing_is_paid_for_another_attempt_than_was_prepared(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "ok")
    other = lab.request(new_attempt(), request.subtotal)
    with pytest.raises(Conflict, match="not prepared"):
        await lab.provider.place_order(shopper.context, other)
    assert await lab.count_orders(other.attempt_id) == 0


async def test_nothing_is_paid_for_a_cart_that_was_changed_since(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "ok")
    await shopper.hold(lab.articles[0], 3)
    with pytest.raises(Conflict, match="not prepared"):
        await lab.provider.place_order(shopper.context, request)
    await lab.provider.prepare_checkout(shopper.context, request)
    with pytest.raises(Conflict, match="another sum"):
        await lab.provider.place_order(shopper.context, request)
    assert await lab.count_orders(request.attempt_id) == 0


async def test_a_late_answer_is_unknown_then_found_and_never_paid_again(lab: VendureLab) -> None:
    """A retry after a time-out would charge twice, had the first one been late only."""
    shopper, request = await prepared(lab, "wait")
    hasty = provider(lab.shop, http={"base_url": lab.shop.url, "total_s": 9})
    with pytest.raises(OutcomeUnknown):
        await hasty.place_order(shopper.context, request)
    await hasty.aclose()
    assert await shopper.find(request.attempt_id) is None
    lab.shop.ask("release")
    await asyncio.to_thread(lab.shop.ask, "settle")
    found = await shopper.find(request.attempt_id)
    assert found is not None
    assert found.state == "placed"
    assert await lab.provider.place_order(shopper.context, request) == found
    assert await lab.count_orders(request.attempt_id) == 1


async def test_a_gateway_that_breaks_off_leaves_it_unknown(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "crash")
    with pytest.raises(OutcomeUnknown):
        await lab.provider.place_order(shopper.context, request)
    assert await shopper.find(request.attempt_id) is None


@pytest.mark.parametrize("page", ["decline", "error"])
async def test_a_refused_payment_leaves_the_cart_for_another_attempt(
    lab: VendureLab, page: str
) -> None:
    shopper, request = await prepared(lab, page)
    with pytest.raises(PaymentDeclined):
        await lab.provider.place_order(shopper.context, request)
    assert await shopper.find(request.attempt_id) is None
    await shopper.hold(lab.articles[2], 1)
    attempt = new_attempt()
    order = await shopper.order(shopper.request(attempt))
    assert order.state == "placed"
    assert await lab.count_orders(attempt) == 1


async def test_an_authorized_payment_places_the_order(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "authorize")
    order = await lab.provider.place_order(shopper.context, request)
    assert order.state == "placed"
    assert await shopper.find(request.attempt_id) == order


async def test_an_order_that_is_paid_in_part_is_pending_and_stays_as_it_is(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "part")
    order = await lab.provider.place_order(shopper.context, request)
    assert order.state == "pending"
    assert await shopper.find(request.attempt_id) == order
    assert await lab.provider.place_order(shopper.context, request) == order
    with pytest.raises(Conflict, match="under way"):
        await shopper.hold(lab.articles[0], 5)
    with pytest.raises(Conflict, match="under way"):
        await lab.provider.prepare_checkout(shopper.context, lab.request(new_attempt(), 1))
    assert await lab.count_orders(request.attempt_id) == 1


async def test_an_order_without_anybody_to_send_it_to_is_refused(lab: VendureLab) -> None:
    nobody = provider(lab.shop, customer=None, address=None)
    shopper = await lab.shopper({0: 1})
    request = OrderRequest(new_attempt(), lab.currency, shopper.subtotal)
    with pytest.raises(Conflict, match="customer"):
        await nobody.prepare_checkout(shopper.context, request)
    await nobody.aclose()
    cart = await lab.provider.prepare_checkout(shopper.context, request)
    assert cart.total == shopper.subtotal + SHIPPING


async def test_a_way_to_ship_that_the_shop_has_not_is_refused(lab: VendureLab) -> None:
    picky = provider(lab.shop, shipping_method="by-pigeon")
    shopper = await lab.shopper({0: 1})
    with pytest.raises(Conflict, match="ship"):
        await picky.prepare_checkout(shopper.context, shopper.request(new_attempt()))
    await picky.aclose()


async def test_an_administrator_who_was_logged_out_logs_in_again(lab: VendureLab) -> None:
    shopper, request = await prepared(lab, "ok")
    order = await lab.provider.place_order(shopper.context, request)
    assert await lab.provider.find_order(shopper.context, request.attempt_id) == order
    lab.shop.ask("log-out")
    assert await lab.provider.find_order(shopper.context, request.attempt_id) == order


async def test_an_administrator_whom_the_shop_does_not_know_is_told(lab: VendureLab) -> None:
    stranger = provider(lab.shop, admin={"username": "keeper", "password": "guessed"})
    shopper = await lab.shopper({})
    with pytest.raises(Conflict, match="credentials") as raised:
        await stranger.find_order(shopper.context, new_attempt())
    assert "guessed" not in str(raised.value)
    await stranger.aclose()
