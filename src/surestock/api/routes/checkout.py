"""Checkouts: buy what is in a cart, ask how that went, and say so when only a person could tell.

A checkout waits for the commerce platform, for ten seconds and more when that is slow. So it leaves
admission once it is let in, and however many of them wait, other changes go on.
"""

from fastapi import APIRouter

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import Answer, json_answer
from surestock.api.checkout_answer import end_answer, state_answer
from surestock.api.documented import MUTATION_ERRORS, answers, errors
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.mutation import name_try
from surestock.api.request_headers import Conditional, Keyed, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.checkout import (
    CheckoutBody,
    CheckoutDone,
    CheckoutGoing,
    CheckoutState,
    ResolveBody,
)
from surestock.api.schemas.values import UserId
from surestock.api.shelf import cart_version, find_checkout, get_cart, get_checkout
from surestock.cart.model import Order
from surestock.cart.reply import checkout_body
from surestock.checkout.ask import CheckoutAsk, PersonsWord
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["checkout"])

_CHECKOUT = "/carts/{userId}/checkout"
_NOTHING = CheckoutBody()
_ORDER = ("orderId", "orderNumber", "total")


@routes.post(
    _CHECKOUT,
    summary="Buy what is in a cart",
    response_model=CheckoutDone,
    responses=answers(200, said="Bought.", mutation=True)
    | answers(202, said="Not known yet.", model=CheckoutGoing, location=True, later=True)
    | errors(*MUTATION_ERRORS, 402, 502),
    openapi_extra=needs(Scope.CART_WRITE, Worth.LAST, asks_platform=True, whole_chain=True),
)
async def checkout(call: Conditional, user_id: UserId, body: CheckoutBody | None = None) -> Answer:
    """Place at most one order for the cart, however often this is sent.

    Repeated after success, it answers with the order that was placed. 202 is not an end: ask
    ``statusUrl``, or send the same again.
    """
    body = _NOTHING if body is None else body
    expected = body.expected_version
    if call.if_match is not None:
        expected = await cart_version(call, user_id, expected)
    customer = None if body.customer is None else body.customer.value()
    address = None if body.shipping_address is None else body.shipping_address.value()
    payment = None if body.payment is None else body.payment.value()
    key = call.idempotency_key
    named = None if key is None else name_try(call, key, (expected, customer, address, payment))
    end = await call.service.checkouts.checkout(
        CheckoutAsk(
            user_id, call.client, call.request_id, named, expected, customer, address, payment
        )
    )
    if end.replayed:
        call.service.metrics.idempotent_hits += 1
    return end_answer(user_id, end)


@routes.get(
    _CHECKOUT,
    summary="Ask how a checkout went",
    response_model=CheckoutState,
    responses=answers(200, said="The current or last checkout.") | errors(400, 404, 503),
    openapi_extra=needs(Scope.CART_READ, whole_chain=True),
)
async def read(call: Read, user_id: UserId) -> Answer:
    """Return the state of the user's current checkout, or of the last one."""
    known = await find_checkout(call, user_id)
    if known is not None:
        return json_answer(checkout_body(known))
    await get_cart(call, user_id)
    return json_answer({"checkoutStatus": "pending"})


@routes.post(
    _CHECKOUT + "/resolve",
    summary="Say what became of a checkout",
    response_model=CheckoutState,
    responses=answers(200, said="Recorded.", mutation=True) | errors(*MUTATION_ERRORS, 502),
    openapi_extra=needs(Scope.OPS_ADMIN, Worth.LAST, asks_platform=True, whole_chain=True),
)
async def resolve(call: Keyed, user_id: UserId, body: ResolveBody) -> Answer:
    """End an ``unknown`` checkout as a person found out at the platform that it ended."""
    _check_order(body)
    known = await get_checkout(call, user_id)
    order = None
    if body.order_id and body.order_number and body.total is not None:
        order = Order(body.order_id, body.order_number, body.total, known.currency)
    end = await call.service.checkouts.resolve(
        PersonsWord(user_id, body.attempt_id, order, body.reason, call.client, call.request_id)
    )
    return state_answer(checkout_body(await get_checkout(call, user_id)), end)


def _check_order(body: ResolveBody) -> None:
    """Raise :class:`ValidationFailed` unless there is an order just where the outcome has one."""
    given = dict(zip(_ORDER, (body.order_id, body.order_number, body.total), strict=True))
    wanted = body.outcome == "completed"
    detail = f"{'is needed' if wanted else 'makes no sense'} when the outcome is {body.outcome}"
    faults = [
        Fault("body", f"/{name}", detail)
        for name, value in given.items()
        if (value is not None) is not wanted
    ]
    if faults:
        raise ValidationFailed(*faults)
