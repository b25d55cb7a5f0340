"""An order is found by its attempt, and none is placed by looking for it."""

from typing import Any

import pytest

from surestock.commerce.errors import BadAnswer, CartExpired, OutcomeUnknown, Unavailable
from tests.commerce.medusa.canned import ATTEMPT, CART, COMPLETE, CONTEXT, Canned, cart, order

ORDERS = "GET /admin/orders"
DONE = cart(completed_at="2026-01-01T10:00:01Z")


def _marks(*marks: tuple[str, str | None]) -> dict[str, Any]:
    orders = [
        {"id": order_id, "metadata": attempt and {"surestock_attempt": attempt}}
        for order_id, attempt in marks
    ]
    return {"orders": orders, "count": len(orders)}


def _show(canned: Canned, order_id: str, payment: str) -> None:
    canned.say(f"GET /store/orders/{order_id}", {"order": order(payment, id=order_id)})


async def test_without_a_secret_key_a_cart_that_is_none_yet_is_left_alone(canned: Canned) -> None:
    assert await canned.provider().find_order(CONTEXT, ATTEMPT) is None
    assert canned.asked == [f"GET {CART}"]


async def test_without_a_secret_key_another_attempts_order_is_left_alone(canned: Canned) -> None:
    canned.say(f"GET {CART}", DONE)
    assert await canned.provider().find_order(CONTEXT, "att-2") is None
    assert canned.asked == [f"GET {CART}"]


async def test_without_a_secret_key_a_completed_cart_is_completed_again(canned: Canned) -> None:
    canned.say(f"GET {CART}", DONE)
    canned.say(COMPLETE, {"type": "order", "order": order("not_paid")})
    found = await canned.provider().find_order(CONTEXT, ATTEMPT)
    assert found is not None
    assert found.state == "pending"


async def test_without_a_secret_key_a_refusal_is_no_absence(canned: Canned) -> None:
    """The session may be over while the order stands: only a cart that is one again has none."""
    canned.say(COMPLETE, {"type": "invalid_data", "message": "Payment sessions are"}, status=400)
    canned.say(f"GET {CART}", DONE)
    with pytest.raises(OutcomeUnknown):
        await canned.provider().find_order(CONTEXT, ATTEMPT)
    canned.say(f"GET {CART}", DONE, cart())
    assert await canned.provider().find_order(CONTEXT, ATTEMPT) is None


async def test_with_a_secret_key_it_only_reads(canned: Canned) -> None:
    canned.say(f"GET {CART}", DONE)
    canned.say(ORDERS, _marks(("order_1", None), ("order_2", "att-2"), ("order_3", ATTEMPT)))
    _show(canned, "order_3", "authorized")
    found = await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)
    assert found is not None
    assert (found.order_id, found.state) == ("order_3", "placed")
    assert all(request.startswith("GET ") for request in canned.asked)


async def test_an_order_that_it_died_over_yields_to_the_one_that_is_paid(canned: Canned) -> None:
    canned.say(ORDERS, _marks(("order_1", ATTEMPT), ("order_2", ATTEMPT)))
    _show(canned, "order_1", "not_paid")
    _show(canned, "order_2", "authorized")
    found = await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)
    assert found is not None
    assert found.order_id == "order_2"


async def test_it_looks_through_all_pages_of_a_customers_orders(canned: Canned) -> None:
    others = _marks(*((f"order_{n}", "att-2") for n in range(4)))
    canned.say(ORDERS, others, others, _marks(("order_9", ATTEMPT)))
    _show(canned, "order_9", "authorized")
    assert await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT) is not None


async def test_more_pages_than_can_be_read_are_no_absence(canned: Canned) -> None:
    canned.say(ORDERS, _marks(*((f"order_{n}", "att-2") for n in range(4))))
    with pytest.raises(BadAnswer):
        await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)
    assert canned.asked.count(ORDERS) == 50


async def test_a_completed_cart_whose_order_is_not_shown_is_no_absence(canned: Canned) -> None:
    canned.say(ORDERS, _marks())
    assert await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT) is None
    canned.say(f"GET {CART}", DONE)
    with pytest.raises(BadAnswer):
        await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)


async def test_a_prepared_cart_whose_customer_is_not_shown_is_no_absence(canned: Canned) -> None:
    canned.say(f"GET {CART}", cart(customer=None))
    with pytest.raises(BadAnswer):
        await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)


@pytest.mark.parametrize("secret_key", [None, "sk_1"])
async def test_a_cart_that_is_gone_says_nothing_of_its_order(
    canned: Canned, secret_key: str | None
) -> None:
    canned.say(f"GET {CART}", {"type": "not_found", "message": "Cart"}, status=404)
    with pytest.raises(CartExpired):
        await canned.provider(secret_key=secret_key).find_order(CONTEXT, ATTEMPT)


async def test_a_secret_key_that_is_refused_is_no_absence(canned: Canned) -> None:
    canned.say(ORDERS, {"message": "Unauthorized"}, status=401)
    with pytest.raises(Unavailable):
        await canned.provider(secret_key="sk_1").find_order(CONTEXT, ATTEMPT)
