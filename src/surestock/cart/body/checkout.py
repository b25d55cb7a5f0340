"""A checkout, as clients see it: the order it came to, or how it stands."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET

from surestock.cart.body.shape import Body, TotalsBody
from surestock.cart.model import Checkout, CheckoutStatus, Order


class ResultBody(Body, frozen=True):
    """The order that came of a checkout."""

    order_id: str
    order_number: str
    totals: TotalsBody
    cart_id: str


class ErrorBody(Body, frozen=True):
    """Why there is no order, or why nobody knows: a stable code, and a sentence."""

    error: str
    message: str


class CompletedBody(Body, frozen=True):
    """A checkout that made an order: the same whenever it is asked for."""

    checkout_status: Literal["completed"]
    order_id: str
    order_number: str
    totals: TotalsBody
    cart_id: str


class PendingBody(Body, frozen=True):
    """A checkout without an order: not yet, not as far as anybody knows, or not at all.

    Who found out what became of an attempt names it by its id.
    """

    checkout_status: CheckoutStatus
    cart_id: str
    attempt_id: str
    totals: TotalsBody
    checkout_started_at: datetime
    checkout_error: ErrorBody | None


CheckoutBody: TypeAlias = CompletedBody | PendingBody


def checkout_body(checkout: Checkout) -> CheckoutBody:
    """Show a checkout: the one answer of a completed one, else how it stands."""
    order = checkout.order
    if order is not None:
        result = result_body(checkout, order)
        return CompletedBody(
            "completed", result.order_id, result.order_number, result.totals, result.cart_id
        )
    return PendingBody(
        checkout.status,
        checkout.cart_id,
        checkout.attempt.attempt_id,
        TotalsBody(checkout.subtotal, UNSET, checkout.currency),
        checkout.attempt.started_at,
        error_body(checkout),
    )


def result_body(checkout: Checkout, order: Order) -> ResultBody:
    """Show the order of a completed checkout."""
    totals = TotalsBody(checkout.subtotal, order.total, order.currency)
    return ResultBody(order.order_id, order.order_number, totals, checkout.cart_id)


def error_body(checkout: Checkout) -> ErrorBody | None:
    """Show why there is no order, or why nobody knows; None when neither is so."""
    if checkout.why_unknown is not None:
        return ErrorBody("OutcomeUnknown", checkout.why_unknown)
    failure = checkout.failure
    return None if failure is None else ErrorBody(failure.code, failure.message)
