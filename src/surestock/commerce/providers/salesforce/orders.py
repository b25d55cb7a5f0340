"""Orders: how one is placed, what became of it, and how it is found when nobody was told.

Placing takes a basket's id and nothing else, no idempotency key either. It consumes the basket, so
that a repeat does not find one; that is documented, and not known of two at the same time.

https://developer.salesforce.com/docs/commerce/commerce-api/references/shopper-orders?meta=Summary
"""

from http import HTTPStatus
from urllib.parse import quote

import msgspec
from msgspec import MsgspecError, Raw

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    OutcomeUnknown,
    PaymentDeclined,
)
from surestock.commerce.money import to_minor
from surestock.commerce.port import OrderState, PlacedOrder
from surestock.commerce.providers.salesforce.errors import refusal
from surestock.commerce.providers.salesforce.shapes import AUTHORIZED, Order, Orders, find_text
from surestock.commerce.providers.salesforce.visit import Visit

_MOST_ORDERS = 50
_REFUSALS = {*range(400, 500)} - {HTTPStatus.REQUEST_TIMEOUT}
_ENDED_BADLY = {"failed", "cancelled"}
_SURENESS: dict[OrderState, int] = {"failed": 0, "pending": 1, "placed": 2}


async def place(visit: Visit, attempt_id: str) -> PlacedOrder:
    """Order the basket.

    A basket that is not there any more has most likely been ordered, by a call before this one:
    that order is returned. Raises ``OutcomeUnknown`` when there is none to be seen, and for every
    answer that does not say what became of the order; the 504 of a platform that took longer than
    its 10 s is one.
    """
    reply = await visit.send("POST", visit.shop.orders, {"basketId": visit.basket_id}, safe=False)
    if reply.is_success:
        return _placed(reply.body, visit)
    if reply.status not in _REFUSALS:
        raise OutcomeUnknown(f"The commerce platform answered {reply.status} to an order.")
    error = refusal(reply, visit.shop.config.declined_types)
    if not isinstance(error, CartExpired):
        raise error
    try:
        order = await find(visit, attempt_id)
    except CommerceError as unanswered:
        raise OutcomeUnknown("The cart is gone, and its order can't be asked for.") from unanswered
    if order is None:
        raise OutcomeUnknown("The cart is gone, and no order of it can be seen.")
    return order


async def find(visit: Visit, attempt_id: str) -> PlacedOrder | None:
    """Return the order of an attempt among those of the guest; the surest, should there be several.

    A guest may list its own orders, and every cart has a guest of its own, so the list is short.
    None says that it holds no such order now. It does not say that none is on its way: nothing
    documents when an order that was asked for appears there.

    Raises ``CartExpired`` when the platform takes the guest for somebody else,
    ``Conflict`` when an order carries no attempt at all, since it may be the one, and
    ``BadAnswer`` when the list does not come whole.
    """
    shop = visit.shop
    path = f"{shop.customers}/{quote(visit.session.customer_id, safe='')}/orders"
    reply = await visit.send("GET", path, query={"limit": str(_MOST_ORDERS)})
    if not reply.is_success:
        raise refusal(reply)
    orders = reply.decode(Orders)
    if orders.total != len(orders.data):
        raise BadAnswer("The commerce platform did not show all orders of the shopper.")
    named = [(find_text(order, shop.config.attempt_attribute), order) for order in orders.data]
    ours = [_order(order, visit) for name, order in named if name == attempt_id]
    if not ours and any(name is None for name, _ in named):
        raise Conflict("The commerce platform has an order that names no attempt.")
    return max(ours, key=lambda order: _SURENESS[order.state], default=None)


def _placed(body: bytes, visit: Visit) -> PlacedOrder:
    try:
        order = _order(body, visit)
    except BadAnswer as error:
        raise OutcomeUnknown(str(error)) from error
    if order.state == "failed":
        raise PaymentDeclined("The commerce platform gave the order up.")
    return order


def _order(document: bytes | Raw, visit: Visit) -> PlacedOrder:
    try:
        order = msgspec.json.decode(document, type=Order)
    except (MsgspecError, ValueError, ArithmeticError, RecursionError):
        raise BadAnswer("The commerce platform sent no Order.") from None
    return PlacedOrder(
        order_id=order.order_no,
        order_number=order.order_no,
        state=_state(order, visit.shop.config.deferred_methods),
        total=to_minor(order.order_total, order.currency),
        currency=order.currency,
    )


def _state(order: Order, deferred: tuple[str, ...]) -> OrderState:
    """Return what an order's status and its payment come to.

    ``created`` says that the site has not dealt with the payment. Every other status that is not
    an end in failure is one of an order that stands, once it is paid, authorized, or free.
    """
    if order.status in _ENDED_BADLY:
        return "failed"
    settled = all(
        instrument.payment_method_id in deferred
        or (
            instrument.authorization_status is not None
            and instrument.authorization_status.status == AUTHORIZED
        )
        for instrument in order.payment_instruments
    )
    authorized = settled and bool(order.payment_instruments)
    if order.payment_status == "paid" or authorized or not order.order_total:
        return "pending" if order.status == "created" else "placed"
    return "pending"
