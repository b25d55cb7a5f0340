"""The JSON of the catalog, a cart and a checkout: what clients see, in reads and in answers.

Nothing here holds a context: its secrets open the platform's cart, and its id is told by itself.
"""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, Raw, Struct, UnsetType

from surestock.cart.model import (
    Cart,
    Checkout,
    CheckoutStatus,
    Failure,
    Order,
    Product,
    ProductType,
    SyncState,
)


class _Body(Struct, frozen=True, rename="camel"):
    """How every body is written."""


class ProductBody(_Body, frozen=True):
    """A product of the catalog, with its price in minor units."""

    sku: str
    name: str
    type: ProductType
    unit_price: int
    currency: str
    stocked: bool
    version: int
    updated_at: datetime


class ItemBody(_Body, frozen=True, gc=False):
    """An item of a cart, with what it costs."""

    sku: str
    name: str
    type: ProductType
    qty: int
    unit_price: int
    line_total: int
    store_id: str | UnsetType = UNSET


class TotalsBody(_Body, frozen=True, gc=False):
    """Sums in minor units. ``total`` is the platform's, with taxes and shipping."""

    subtotal: int
    total: int | UnsetType
    currency: str


class ResultBody(_Body, frozen=True):
    """The order that came of a checkout."""

    order_id: str
    order_number: str
    totals: TotalsBody


class FailureBody(_Body, frozen=True):
    """Why a checkout failed."""

    code: str
    message: str
    members: Raw | UnsetType = UNSET


class CartBody(_Body, frozen=True):
    """A cart."""

    cart_id: str
    user_id: str
    items: list[ItemBody]
    totals: TotalsBody
    version: int
    created_at: datetime
    updated_at: datetime
    last_accessed_at: datetime
    provider: str | None
    external_cart_id: str | None
    sync_status: SyncState
    last_synced_at: datetime | None
    last_sync_error: str | None
    checkout_status: Literal["pending"] | CheckoutStatus = "pending"
    checkout_started_at: datetime | None = None
    checkout_completed_at: datetime | None = None
    checkout_result: ResultBody | None = None
    checkout_error: FailureBody | None = None


class CompletedBody(_Body, frozen=True):
    """A checkout that made an order: the same whenever it is asked for."""

    checkout_status: Literal["completed"]
    order_id: str
    order_number: str
    totals: TotalsBody
    cart_id: str


class PendingBody(_Body, frozen=True):
    """A checkout without an order: not yet, not as far as anybody knows, or not at all."""

    checkout_status: CheckoutStatus
    cart_id: str
    totals: TotalsBody
    checkout_started_at: datetime
    checkout_ended_at: datetime | None
    checkout_error: FailureBody | None


CheckoutBody: TypeAlias = CompletedBody | PendingBody


def product_body(product: Product) -> ProductBody:
    """Show a product."""
    return ProductBody(
        product.sku,
        product.name,
        product.type,
        product.unit_price,
        product.currency,
        product.stocked,
        product.version,
        product.updated_at,
    )


def cart_body(
    cart: Cart, checkout: Checkout | None, accessed_at: datetime | None = None
) -> CartBody:
    """Show a cart, with its checkout. ``checkout`` may be that of another cart, and counts as none.

    ``accessed_at`` is when the user last looked, where that is later than what is on record.
    """
    seen = cart.accessed_at
    mirror = cart.mirror
    context = mirror.context
    own = () if checkout is None or checkout.cart_id != cart.cart_id else _of_checkout(checkout)
    subtotal = 0
    items = []
    for item in cart.items:
        line_total = item.qty * item.unit_price
        subtotal += line_total
        items.append(
            ItemBody(
                item.sku,
                item.name,
                item.type,
                item.qty,
                item.unit_price,
                line_total,
                UNSET if item.store_id is None else item.store_id,
            )
        )
    return CartBody(
        cart.cart_id,
        cart.user_id,
        items,
        TotalsBody(subtotal, UNSET, cart.currency),
        cart.version,
        cart.created_at,
        cart.updated_at,
        seen if accessed_at is None or accessed_at < seen else accessed_at,
        None if context is None else context.provider,
        None if context is None else context.external_cart_id,
        mirror.state,
        mirror.synced_at,
        mirror.error,
        *own,
    )


def checkout_body(checkout: Checkout) -> CheckoutBody:
    """Show a checkout: the one answer of a completed one, else how it stands."""
    order = checkout.order
    if order is not None:
        result = _result(checkout, order)
        return CompletedBody(
            "completed", result.order_id, result.order_number, result.totals, checkout.cart_id
        )
    return PendingBody(
        checkout.status,
        checkout.cart_id,
        TotalsBody(checkout.subtotal, UNSET, checkout.currency),
        checkout.attempt.started_at,
        checkout.ended_at,
        _failure(checkout),
    )


def failure_body(failure: Failure) -> FailureBody:
    """Show why a checkout failed."""
    return FailureBody(
        failure.code, failure.message, UNSET if failure.members is None else failure.members
    )


def _of_checkout(
    checkout: Checkout,
) -> tuple[CheckoutStatus, datetime, datetime | None, ResultBody | None, FailureBody | None]:
    """Return what a cart tells of its own checkout, in the order of the members."""
    order = checkout.order
    return (
        checkout.status,
        checkout.attempt.started_at,
        None if order is None else checkout.ended_at,
        None if order is None else _result(checkout, order),
        _failure(checkout),
    )


def _result(checkout: Checkout, order: Order) -> ResultBody:
    totals = TotalsBody(checkout.subtotal, order.total, order.currency)
    return ResultBody(order.order_id, order.order_number, totals)


def _failure(checkout: Checkout) -> FailureBody | None:
    return None if checkout.failure is None else failure_body(checkout.failure)
