"""An order counts as placed when it stands and is paid or authorized, and not a moment before."""

import pytest

from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import BadAnswer, Conflict
from surestock.commerce.port import OrderState
from tests.commerce.salesforce.fake.server import instead
from tests.commerce.salesforce.fake.wire import document
from tests.commerce.salesforce.lab import SalesforceLab

LIST = r"GET .*/orders$"
ORDER = {
    "orderNo": "1",
    "status": "new",
    "paymentStatus": "paid",
    "currency": "EUR",
    "orderTotal": 1.01,
    "c_surestockAttempt": "att-1",
}


async def test_an_order_that_is_created_is_pending_until_the_site_places_it(
    lab: SalesforceLab,
) -> None:
    lab.fake.shop.status = "created"
    shopper = await Shopper.enter(lab, {0: 1})
    order = await shopper.order(shopper.request("att-1"))
    assert order.state == "pending"
    lab.fake.shop.orders[0].status = "new"
    found = await shopper.find("att-1")
    assert found is not None
    assert (found.state, found.order_id) == ("placed", order.order_id)


@pytest.mark.parametrize(
    ("payment", "instruments", "state"),
    [
        ("paid", [], "placed"),
        ("not_paid", [("CREDIT_CARD", 0)], "placed"),
        ("not_paid", [("CREDIT_CARD", 0), ("GIFT", 0)], "placed"),
        ("not_paid", [("INVOICE", None)], "placed"),
        ("not_paid", [], "pending"),
        ("part_paid", [("CREDIT_CARD", None)], "pending"),
        ("not_paid", [("CREDIT_CARD", 1)], "pending"),
        ("not_paid", [("CREDIT_CARD", 0), ("GIFT", 1)], "pending"),
        (None, [("CREDIT_CARD", None)], "pending"),
    ],
)
async def test_an_order_that_stands_is_placed_once_its_payment_does(
    payment: str | None,
    instruments: list[tuple[str, int | None]],
    state: OrderState,
    lab: SalesforceLab,
) -> None:
    shown = [
        {"paymentMethodId": method}
        | ({} if code is None else {"authorizationStatus": {"status": code}})
        for method, code in instruments
    ]
    for status in ("new", "open", "completed", "replaced"):
        order = {**ORDER, "status": status, "paymentStatus": payment, "paymentInstruments": shown}
        assert await found_as(lab, order) == state, status


@pytest.mark.parametrize(
    ("status", "state"), [("created", "pending"), ("failed", "failed"), ("cancelled", "failed")]
)
async def test_a_payment_does_not_make_an_order_stand(
    status: str, state: OrderState, lab: SalesforceLab
) -> None:
    assert await found_as(lab, {**ORDER, "status": status}) == state


async def found_as(lab: SalesforceLab, *orders: dict[str, object]) -> OrderState | None:
    """Return what the order is found as, when the guest's list holds these."""
    cart = await lab.provider.open_cart("EUR", "cart-1")
    page = document(200, {"total": len(orders), "data": orders})
    lab.fake.meet(LIST, instead(page))
    order = await lab.provider.find_order(cart.context, "att-1")
    return None if order is None else order.state


async def test_of_several_orders_of_an_attempt_the_surest_counts(lab: SalesforceLab) -> None:
    states = [{**ORDER, "status": status} for status in ("failed", "new", "created")]
    assert await found_as(lab, *states) == "placed"


async def test_another_attempts_order_is_not_this_ones(lab: SalesforceLab) -> None:
    assert await found_as(lab, {**ORDER, "c_surestockAttempt": "att-2"}) is None


async def test_an_order_that_names_no_attempt_may_be_the_one(lab: SalesforceLab) -> None:
    nameless = {name: value for name, value in ORDER.items() if not name.startswith("c_")}
    with pytest.raises(Conflict, match="names no attempt"):
        await found_as(lab, nameless)


async def test_a_list_that_is_not_whole_says_nothing(lab: SalesforceLab) -> None:
    cart = await lab.provider.open_cart("EUR", "cart-1")
    pages: tuple[object, ...] = (
        {"total": 51, "data": []},
        {"data": []},
        {"total": 1, "data": [7]},
        [],
    )
    for page in pages:
        lab.fake.meet(LIST, instead(document(200, page)))
        with pytest.raises(BadAnswer):
            await lab.provider.find_order(cart.context, "att-1")
