"""What the answer to a completion means: an order only when it surely is one, and paid for."""

import pytest

from surestock.commerce.errors import (
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    OutcomeUnknown,
    PaymentDeclined,
    RateLimited,
    Unavailable,
)
from surestock.commerce.port import OrderState, PlacedOrder
from tests.commerce.medusa.canned import CART, COMPLETE, CONTEXT, REQUEST, Canned, cart, line, order

_UNPAID = {"type": "cart", "error": {"type": "payment_authorization_error", "message": "no"}}
_MORE = {"type": "cart", "error": {"type": "payment_requires_more_error", "message": "more"}}
_REFUSED = {"type": "not_allowed", "message": "Session: s was not authorized with the provider."}
_TOO_FEW = {"type": "not_allowed", "message": "Not enough stock available for item iitem_1"}


async def test_an_order_that_is_paid_is_placed(canned: Canned) -> None:
    canned.say(COMPLETE, {"type": "order", "order": order("authorized")})
    placed = await canned.provider().place_order(CONTEXT, REQUEST)
    assert placed == PlacedOrder("order_1", "7", "placed", 2499, "EUR")


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (order("authorized"), "placed"),
        (order("completed"), "placed"),
        (order("partially_captured"), "placed"),
        (order("canceled", "authorized"), "placed"),
        (order(total=0), "placed"),
        (order(), "pending"),
        (order("not_paid"), "pending"),
        (order("awaiting"), "pending"),
        (order("partially_authorized"), "pending"),
        (order("authorized", "not_paid"), "pending"),
        (order("of-another-version"), "pending"),
        (order("canceled"), "failed"),
        (order("failed"), "failed"),
        (order("authorized", status="canceled"), "failed"),
    ],
)
async def test_the_state_is_that_of_the_payments(
    canned: Canned, answer: object, state: OrderState
) -> None:
    canned.say(COMPLETE, {"type": "order", "order": answer})
    assert (await canned.provider().place_order(CONTEXT, REQUEST)).state == state


@pytest.mark.parametrize(
    "answer",
    [
        None,
        b"",
        b"<html>",
        b"[" * 100_000,
        {},
        {"type": "order"},
        {"type": "cart"},
        {"type": "cart", "error": {"type": "of-another-version", "message": "?"}},
        {"type": "order", "order": {**order("authorized"), "id": None}},
        {"type": "order", "order": order("authorized", currency_code="euro")},
        {"type": "order", "order": order("authorized", total=24.999)},
        {"type": "order", "order": order("authorized", total="1e99")},
    ],
)
async def test_an_answer_that_is_none_leaves_the_outcome_open(
    canned: Canned, answer: object
) -> None:
    canned.say(COMPLETE, answer)
    with pytest.raises(OutcomeUnknown):
        await canned.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize("status", [302, 400, 402, 409, 418, 500, 502, 503, 504])
async def test_a_status_that_is_not_medusas_no_leaves_the_outcome_open(
    canned: Canned, status: int
) -> None:
    """409: somebody else is completing it. 400 with a page: some proxy's."""
    canned.say(COMPLETE, b"<html>", status=status)
    with pytest.raises(OutcomeUnknown):
        await canned.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize(
    ("status", "answer", "error"),
    [
        (200, _UNPAID, PaymentDeclined),
        (200, _MORE, PaymentDeclined),
        (400, _REFUSED, PaymentDeclined),
        (400, {"type": "invalid_data", "message": "anything else"}, Conflict),
        (
            400,
            {"type": "not_allowed", "message": "A valid publishable key is required"},
            Unavailable,
        ),
        (401, {"message": "Unauthorized"}, Unavailable),
        (404, {"type": "not_found", "message": "Cart with id 'cart_1' not found"}, CartExpired),
        (429, b"", RateLimited),
    ],
)
async def test_a_refusal_is_told_as_what_it_is(
    canned: Canned, status: int, answer: object, error: type[CommerceError]
) -> None:
    canned.say(COMPLETE, answer, status=status)
    with pytest.raises(error) as raised:
        await canned.provider().place_order(CONTEXT, REQUEST)
    assert type(raised.value) is error
    if isinstance(raised.value, RateLimited):
        assert raised.value.retry_after_s == 9


@pytest.mark.parametrize(("status", "answer"), [(200, _UNPAID), (400, _REFUSED), (400, _TOO_FEW)])
async def test_a_refusal_that_was_not_undone_leaves_the_outcome_open(
    canned: Canned, status: int, answer: object
) -> None:
    canned.say(COMPLETE, answer, status=status)
    canned.say(f"GET {CART}", cart(), cart(completed_at="2026-01-01T10:00:01Z"))
    with pytest.raises(OutcomeUnknown):
        await canned.provider().place_order(CONTEXT, REQUEST)


async def test_a_refusal_after_which_it_is_gone_leaves_the_outcome_open(canned: Canned) -> None:
    canned.say(COMPLETE, _UNPAID)
    canned.say(f"GET {CART}", cart(), b"")
    with pytest.raises(OutcomeUnknown):
        await canned.provider().place_order(CONTEXT, REQUEST)


async def test_the_sku_that_is_short_is_found_out(canned: Canned) -> None:
    """Medusa names the id of its inventory only."""
    lines = [
        line(quantity=2),
        line(id="cali_2", variant_sku="case", variant_id="var_2", quantity=3),
    ]
    canned.say(f"GET {CART}", cart(items=lines))
    canned.say(COMPLETE, _TOO_FEW, status=400)
    stock = {"var_1": 2, "var_2": 1}
    variants = [
        {"id": name, "manage_inventory": True, "inventory_quantity": there_are}
        for name, there_are in stock.items()
    ]
    canned.say("GET /store/product-variants", {"variants": variants})
    with pytest.raises(InsufficientStock) as raised:
        await canned.provider().place_order(CONTEXT, REQUEST)
    assert (raised.value.sku, raised.value.available) == ("case", 1)
    asked = canned.queries[canned.asked.index("GET /store/product-variants")]
    assert asked.startswith("id%5B%5D=var_1&id%5B%5D=var_2&fields=")
    canned.say("GET /store/product-variants", b"")
    with pytest.raises(Conflict):
        await canned.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize(
    ("completed_at", "error"), [(None, Conflict), ("2026-01-01T10:00:00Z", CartExpired)]
)
async def test_what_another_attempt_prepared_is_not_completed(
    canned: Canned, completed_at: str | None, error: type[CommerceError]
) -> None:
    """Not even asked for: the answer would be the other attempt's order."""
    other = cart(metadata={"surestock_attempt": "att-2"}, completed_at=completed_at)
    canned.say(f"GET {CART}", other)
    with pytest.raises(error):
        await canned.provider().place_order(CONTEXT, REQUEST)
    assert canned.asked == [f"GET {CART}"]
