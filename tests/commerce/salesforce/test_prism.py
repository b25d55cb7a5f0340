"""Prism has teeth: it lets neither a wrong request through to the fake, nor a wrong answer back."""

import pytest
from msgspec.structs import replace

from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import CommerceError, Unavailable
from tests.commerce.salesforce.fake.guests import LASTS_S
from tests.commerce.salesforce.fake.server import instead, occupied
from tests.commerce.salesforce.fake.wire import document
from tests.commerce.salesforce.lab import HOME, SalesforceLab


async def test_a_request_that_is_not_described_does_not_arrive(checked_lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(checked_lab, {0: 1})
    request = replace(shopper.request("att-1"), address=replace(HOME, country="Britain"))
    with pytest.raises(CommerceError):
        await checked_lab.provider.prepare_checkout(shopper.context, request)
    assert "shipping-address" not in checked_lab.fake.heard[-1]
    assert checked_lab.fake.heard[-1].endswith("/customer")


async def test_an_answer_that_is_not_described_does_not_come_back(
    checked_lab: SalesforceLab,
) -> None:
    shopper = await Shopper.enter(checked_lab)
    wrong = {"basketId": shopper.context.external_cart_id, "currency": "Euro"}
    checked_lab.fake.meet("GET .*/baskets/", instead(document(200, wrong)))
    with pytest.raises(Unavailable, match="500"):
        await shopper.look()


async def test_a_second_basket_is_refused_and_made_room_for_as_described(
    checked_lab: SalesforceLab,
) -> None:
    checked_lab.fake.meet("POST .*/baskets$", occupied(checked_lab.fake))
    cart = await checked_lab.provider.open_cart("EUR", "cart-1")
    assert list(checked_lab.fake.shop.baskets) == [cart.context.external_cart_id]


async def test_tokens_are_renewed_as_described(checked_lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(checked_lab, {0: 1})
    checked_lab.clock.advance(LASTS_S)
    await shopper.look()
    void = replace(shopper.context, secrets={**shopper.context.secrets, "refresh_token": "void"})
    checked_lab.clock.advance(LASTS_S)
    cart = await checked_lab.restarted().read_cart(void)
    assert cart.lines == shopper.cart.lines
    grants = checked_lab.fake.guests.grants
    assert grants[1:] == ["refresh_token", "refresh_token", "authorization_code_pkce"]
