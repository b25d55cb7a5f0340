"""A cart, as clients see it: what is in it, how its mirror stands to it, and its checkout."""

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import UNSET, UnsetType

from surestock.cart.body.checkout import ErrorBody, ResultBody, error_body, result_body
from surestock.cart.body.shape import Body, TotalsBody
from surestock.cart.model import Cart, Checkout, CheckoutStatus, ProductType, SyncState


class ItemBody(Body, frozen=True, gc=False):
    """An item of a cart, with what it costs."""

    sku: str
    name: str
    type: ProductType
    qty: int
    unit_price: int
    line_total: int
    store_id: str | UnsetType = UNSET


class CartBody(Body, frozen=True):
    """A cart; a mutation adds its sequence."""

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
    checkout_status: Literal["pending"] | CheckoutStatus
    checkout_started_at: datetime | None
    checkout_completed_at: datetime | None
    checkout_result: ResultBody | None
    checkout_error: ErrorBody | None
    sequence: int | UnsetType = UNSET


_OwnCheckout: TypeAlias = tuple[
    Literal["pending"] | CheckoutStatus,
    datetime | None,
    datetime | None,
    ResultBody | None,
    ErrorBody | None,
]
"""What a cart tells of its own checkout, in the order of its members."""

_NO_CHECKOUT: _OwnCheckout = ("pending", None, None, None, None)


def cart_body(
    cart: Cart,
    checkout: Checkout | None,
    accessed_at: datetime | None = None,
    sequence: int | UnsetType = UNSET,
) -> CartBody:
    """Show a cart, with its checkout. ``checkout`` may be that of another cart, and counts as none.

    ``accessed_at`` is when the user last looked, where that is later than what is on record.
    """
    seen = cart.accessed_at
    mirror = cart.mirror
    context = mirror.context
    is_own = checkout is not None and checkout.cart_id == cart.cart_id
    own = _of_checkout(checkout) if checkout is not None and is_own else _NO_CHECKOUT
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
        sequence,
    )


def _of_checkout(checkout: Checkout) -> _OwnCheckout:
    order = checkout.order
    return (
        checkout.status,
        checkout.attempt.started_at,
        None if order is None else checkout.ended_at,
        None if order is None else result_body(checkout, order),
        error_body(checkout),
    )
