"""Whatever Vendure answers, it is read right or told as one error; in doubt, a payment is unknown.

No server here: these answers come from a proxy, a plugin or a bug, and not from a shop at its best.
"""

from typing import Any

import msgspec
import pytest

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    ItemNotFound,
    OutcomeUnknown,
    PaymentDeclined,
    RateLimited,
    Unavailable,
)
from surestock.commerce.port import RemoteLine
from surestock.commerce.providers.vendure.config import AdminLogin, VendureConfig
from surestock.commerce.providers.vendure.graphql import TOKEN_HEADER
from surestock.commerce.reply import Reply
from tests.commerce.vendure.script import (
    ATTEMPT,
    CONFIG,
    CONTEXT,
    ITEM,
    REQUEST,
    Script,
    data,
    fault,
    line,
    logged_in,
    order,
)

NOT_AN_ANSWER = [
    b"",
    b"[]",
    b"{}",
    b"<html>Bad Gateway</html>",
    b'{"data":null}',
    b'{"data":{}}',
    b'{"data":{"PART":[]}}',
    b'{"data":{"PART":{"__typename":"Order","id":7}}}',
    b'{"data":{"PART":{"__typename":"Order","code":"CODE","lines":[{"quantity":"2"}]}}}',
    b'{"data":{"PART":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
]
STATUSES: list[tuple[int, type[CommerceError], type[CommerceError]]] = [
    (400, BadAnswer, OutcomeUnknown),
    (404, BadAnswer, OutcomeUnknown),
    (429, RateLimited, RateLimited),
    (500, Unavailable, OutcomeUnknown),
    (502, Unavailable, OutcomeUnknown),
    (504, Unavailable, OutcomeUnknown),
]
PAYMENTS: list[tuple[str, type[CommerceError]]] = [
    ("PAYMENT_DECLINED_ERROR", PaymentDeclined),
    ("PAYMENT_FAILED_ERROR", PaymentDeclined),
    ("INELIGIBLE_PAYMENT_METHOD_ERROR", Conflict),
    ("COUPON_REMOVED_DURING_CHECKOUT_ERROR", Conflict),
    ("ORDER_STATE_TRANSITION_ERROR", OutcomeUnknown),
    ("ORDER_PAYMENT_STATE_ERROR", OutcomeUnknown),
    ("NO_ACTIVE_ORDER_ERROR", OutcomeUnknown),
    ("A_NEW_KIND_OF_ERROR", OutcomeUnknown),
]
FAULTS: list[tuple[str, type[CommerceError], type[CommerceError]]] = [
    ("INTERNAL_SERVER_ERROR", Unavailable, OutcomeUnknown),
    ("FORBIDDEN", Conflict, OutcomeUnknown),
    ("GRAPHQL_VALIDATION_FAILED", Conflict, Conflict),
    ("", Conflict, OutcomeUnknown),
]


async def test_a_read_tells_a_bad_answer_from_a_cart(script: Script) -> None:
    for body in NOT_AN_ANSWER:
        script.answer([Reply(200, {}, body.replace(b"PART", b"activeOrder"))])
        with pytest.raises(BadAnswer):
            await script.provider().read_cart(CONTEXT)


async def test_a_payment_with_a_bad_answer_is_unknown(script: Script) -> None:
    for body in NOT_AN_ANSWER:
        bad = Reply(200, {}, body.replace(b"PART", b"addPaymentToOrder"))
        script.answer([data(activeOrder=order(line())), bad])
        with pytest.raises(OutcomeUnknown):
            await script.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize(("status", "of_read", "of_payment"), STATUSES)
async def test_a_status_means_less_when_money_is_at_stake(
    status: int, of_read: type[CommerceError], of_payment: type[CommerceError], script: Script
) -> None:
    reply = Reply(status, {"retry-after": "7"}, b"<html></html>")
    script.answer([reply, data(activeOrder=order(line())), reply])
    with pytest.raises(of_read) as raised:
        await script.provider().read_cart(CONTEXT)
    assert getattr(raised.value, "retry_after_s", 7) == 7
    with pytest.raises(of_payment):
        await script.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize(("code", "of_read", "of_payment"), FAULTS)
async def test_a_fault_means_less_when_money_is_at_stake(
    code: str, of_read: type[CommerceError], of_payment: type[CommerceError], script: Script
) -> None:
    script.answer([fault(code), data(activeOrder=order(line())), fault(code)])
    with pytest.raises(of_read) as raised:
        await script.provider().read_cart(CONTEXT)
    assert "secret" not in str(raised.value)
    with pytest.raises(of_payment):
        await script.provider().place_order(CONTEXT, REQUEST)


@pytest.mark.parametrize(("code", "error"), PAYMENTS)
async def test_only_what_surely_places_nothing_is_a_refusal(
    code: str, error: type[CommerceError], script: Script
) -> None:
    refused = {"__typename": "SomeError", "errorCode": code}
    script.answer([data(activeOrder=order(line())), data(addPaymentToOrder=refused)])
    with pytest.raises(error):
        await script.provider().place_order(CONTEXT, REQUEST)
    assert [asked["safe"] for asked in script.asked] == [True, False]


@pytest.mark.parametrize("change", [{"code": "OTHER"}, {"id": 7}])
async def test_a_payment_of_something_else_is_unknown(
    change: dict[str, Any], script: Script
) -> None:
    paid = order(line(), **{"state": "PaymentSettled", **change})
    script.answer([data(activeOrder=order(line())), data(addPaymentToOrder=paid)])
    with pytest.raises(OutcomeUnknown):
        await script.provider().place_order(CONTEXT, REQUEST)


async def test_a_new_token_is_an_expired_cart_even_with_an_order_of_its_name(
    script: Script,
) -> None:
    body = data(activeOrder=order(line())).body
    script.answer([Reply(200, {TOKEN_HEADER: "another"}, body)])
    with pytest.raises(CartExpired):
        await script.provider().read_cart(CONTEXT)


async def test_an_add_that_came_on_top_of_a_late_one_is_put_right(script: Script) -> None:
    """The read saw nothing yet; the request before it, given up as lost, arrived in between."""
    empty = order(state="AddingItems")
    script.answer(
        [
            data(activeOrder=empty),
            logged_in(),
            data(productVariants={"items": [{"id": "1", "sku": "WIDGET"}]}),
            data(addItemToOrder=order(line(quantity=4))),
            data(adjustOrderLine=order(line(quantity=2))),
        ]
    )
    cart = await script.provider().set_quantity(CONTEXT, ITEM, None)
    assert [entry.qty for entry in cart.lines] == [2]
    assert script.asked[-1]["variables"] == {"line": "1", "qty": 2}


async def test_a_variant_that_was_replaced_is_looked_up_anew(script: Script) -> None:
    provider = script.provider()
    empty = order(state="AddingItems")
    found = data(productVariants={"items": [{"id": "1", "sku": "WIDGET"}]})
    renewed = data(productVariants={"items": [{"id": "2", "sku": "WIDGET"}]})
    added = data(addItemToOrder=order(line()))
    gone = fault("ENTITY_NOT_FOUND")
    script.answer([data(activeOrder=empty), logged_in(), found, added])
    await provider.set_quantity(CONTEXT, ITEM, None)
    script.answer([data(activeOrder=empty), gone, renewed, added])
    await provider.set_quantity(CONTEXT, ITEM, None)
    script.answer([data(activeOrder=empty), gone, renewed, gone])
    with pytest.raises(ItemNotFound):
        await provider.set_quantity(CONTEXT, ITEM, None)


async def test_a_sku_that_stands_for_two_things_is_not_guessed(script: Script) -> None:
    two = [{"id": "1", "sku": "WIDGET"}, {"id": "2", "sku": "WIDGET"}]
    script.answer([data(activeOrder=order(state="AddingItems"))])
    script.answer([logged_in(), data(productVariants={"items": two})])
    with pytest.raises(Conflict, match="several"):
        await script.provider().set_quantity(CONTEXT, ITEM, None)


async def test_lines_of_one_sku_are_one_line(script: Script) -> None:
    split = order(line(1, 2), line(2, 3), line(3, 1, "CABLE"), state="AddingItems")
    script.answer([data(activeOrder=split)])
    cart = await script.provider().read_cart(CONTEXT)
    told = [(entry.line_id, entry.sku, entry.qty) for entry in cart.lines]
    assert told == [("1", "WIDGET", 5), ("3", "CABLE", 1)]
    left = order(line(1, 2), line(3, 1, "CABLE"))
    script.answer([data(activeOrder=split), data(removeOrderLine=left)])
    script.answer([data(adjustOrderLine=left)])
    await script.provider().set_quantity(CONTEXT, ITEM, cart.lines[0])
    script.answer([data(activeOrder=split), data(removeOrderLine=left), data(removeOrderLine=left)])
    await script.provider().remove_item(CONTEXT, RemoteLine("1", "WIDGET", 5))
    assert script.is_over


async def test_of_several_orders_of_an_attempt_the_placed_one_counts(script: Script) -> None:
    common = {"currencyCode": "EUR", "totalWithTax": 2700}
    placed_at = "2026-01-01T00:00:00.000Z"
    known: list[dict[str, Any]] = [
        {"id": "1", "code": "A", "state": "Cancelled", "orderPlacedAt": placed_at},
        {"id": "2", "code": "B", "state": "ArrangingPayment", "orderPlacedAt": None},
        {"id": "3", "code": "C", "state": "Shipped", "orderPlacedAt": placed_at},
    ]
    payments: list[list[dict[str, str]]] = [[], [{"state": "Authorized"}], [{"state": "Settled"}]]
    items = [one | common | {"payments": paid} for one, paid in zip(known, payments, strict=True)]
    states = []
    for some in (items, items[:2], items[:1], [items[1] | {"payments": [{"state": "Declined"}]}]):
        script.answer([logged_in(), data(orders={"items": some})])
        found = await script.provider().find_order(CONTEXT, ATTEMPT)
        states.append(None if found is None else found.state)
    assert states == ["placed", "pending", "failed", None]


def test_no_password_is_shown_and_no_unknown_setting_is_taken() -> None:
    config = msgspec.convert(CONFIG, VendureConfig)
    assert "opens-nothing" not in repr(config)
    assert repr(AdminLogin("keeper", "opens-nothing")) == "AdminLogin(username='keeper')"
    for more in ({"pricse": "net"}, {"prices": "both"}, {"attempt_field": "a b"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(CONFIG | more, VendureConfig)
