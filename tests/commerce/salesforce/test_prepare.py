"""Before it is ordered, a basket has the attempt's name, a buyer, a way to go and one payment."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import CartExpired, CommerceError, Conflict, PaymentDeclined
from surestock.commerce.port import Payment
from surestock.commerce.providers.salesforce.provider import SalesforceProvider
from tests.commerce.salesforce.fake.server import instead
from tests.commerce.salesforce.fake.wire import problem
from tests.commerce.salesforce.lab import ADA, HOME, PLAN, SalesforceLab


async def prepared(shopper: Shopper, **changes: object) -> None:
    request = replace(shopper.request("att-1"), **changes)
    shopper.cart = await shopper.provider.prepare_checkout(shopper.context, request)


def with_provider(shopper: Shopper, provider: SalesforceProvider) -> Shopper:
    shopper.provider = provider
    return shopper


async def test_preparing_twice_leaves_one_payment_of_the_exact_total(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1, 1: 3})
    await prepared(shopper)
    await shopper.hold(PLAN, 2)
    await prepared(shopper)
    (basket,) = lab.fake.shop.baskets.values()
    (instrument,) = basket.instruments.values()
    assert instrument["amount"] == Decimal("943.98")
    assert shopper.cart.total == 94398
    assert (basket.email, basket.method) == (ADA.email, "001")
    assert basket.address is not None
    assert (basket.address["firstName"], basket.address["address2"]) == ("Ada", HOME.line2)


async def test_the_basket_carries_the_attempt_before_it_can_be_ordered(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    await prepared(shopper)
    (basket,) = lab.fake.shop.baskets.values()
    assert basket.custom == {"c_surestockAttempt": "att-1"}


async def test_where_the_attempt_is_not_kept_nothing_is_ordered(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    lab.fake.shop.keeps_custom = False
    with pytest.raises(Conflict, match="does not keep c_surestockAttempt"):
        await prepared(shopper)
    assert not lab.fake.shop.orders


async def test_what_a_request_does_not_name_comes_from_the_configuration(
    lab: SalesforceLab,
) -> None:
    provider = lab.restarted(customer=ADA, address=HOME)
    shopper = with_provider(await Shopper.enter(lab, {0: 1}), provider)
    await prepared(shopper, customer=None, address=None, payment=None)
    (basket,) = lab.fake.shop.baskets.values()
    (instrument,) = basket.instruments.values()
    assert (basket.email, instrument["paymentMethodId"]) == (ADA.email, "CREDIT_CARD")


@pytest.mark.parametrize("missing", ["customer", "address"])
async def test_what_nobody_names_is_a_conflict(missing: str, lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    with pytest.raises(Conflict, match="needs a customer and an address"):
        await prepared(shopper, **{missing: None})


async def test_a_payment_method_that_nobody_names_is_a_conflict(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    with pytest.raises(Conflict, match="payment method"):
        await prepared(with_provider(shopper, lab.restarted(payment_method=None)), payment=None)


async def test_a_cart_in_another_currency_is_a_conflict(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    with pytest.raises(Conflict, match="another currency"):
        await prepared(shopper, currency="USD")


async def test_a_payment_token_goes_where_the_site_looks_for_it(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    provider = lab.restarted(token_attribute="c_token")
    await prepared(with_provider(shopper, provider), payment=Payment("PAYPAL", "token-1"))
    (basket,) = lab.fake.shop.baskets.values()
    (instrument,) = basket.instruments.values()
    assert (instrument["paymentMethodId"], instrument["c_token"]) == ("PAYPAL", "token-1")
    assert "paymentCard" not in instrument


async def test_what_costs_nothing_needs_no_payment(lab: SalesforceLab) -> None:
    lab.fake.shop.shipping = Decimal(0)
    for product in lab.fake.shop.products.values():
        product.price = Decimal("0.00")
    shopper = await Shopper.enter(lab, {0: 1})
    order = await shopper.order(replace(shopper.request("att-1"), payment=None))
    assert (order.state, order.total) == ("placed", 0)


@pytest.mark.parametrize(
    ("part", "slug", "error"),
    [
        ("payment-instruments", "invalid-payment-method-id", PaymentDeclined),
        ("shipping-method", "shipment-not-found", Conflict),
        ("customer", "basket-not-found", CartExpired),
    ],
)
async def test_a_step_that_is_refused_is_named(
    part: str, slug: str, error: type[CommerceError], lab: SalesforceLab
) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    lab.fake.meet(f"{part}$", instead(problem(404, slug)))
    with pytest.raises(error):
        await prepared(shopper)
    if error is not CartExpired:
        await prepared(shopper)
