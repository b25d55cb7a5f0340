"""What happened to the catalog, a cart or a checkout. Past tense; one fact each.

``version`` is the one that the product or the cart has afterwards: a replay in which it does not
follow is refused. ``context`` opens the platform's cart; it is for the log alone, and no reader of
the events is shown it.
"""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from surestock.cart.model import CheckoutKey, ExternalContext, Failure, Item, Order, ProductType


class _Event(Struct, frozen=True, rename="camel", tag_field="type", tag=True, omit_defaults=True):
    """How every event is written."""


class ProductPut(_Event, frozen=True, tag=True):
    """The catalog has this product now. ``product_type`` is its type."""

    sku: str
    name: str
    product_type: ProductType
    unit_price: int
    currency: str
    stocked: bool
    version: int


class CartOpened(_Event, frozen=True, tag=True):
    """The user has a cart now, in place of one that was bought, if there was one."""

    user_id: str
    cart_id: str
    currency: str


class ItemPut(_Event, frozen=True, tag=True):
    """The cart has this item now, in the place of the one with its SKU, else at the end."""

    user_id: str
    item: Item
    version: int


class ItemRemoved(_Event, frozen=True, tag=True):
    """The cart has this item no more."""

    user_id: str
    sku: str
    version: int


class CartRepriced(_Event, frozen=True, tag=True):
    """The cart has these items now; the quantities are the same."""

    user_id: str
    items: tuple[Item, ...]
    version: int


class CartDropped(_Event, frozen=True, tag=True):
    """The user has no cart any more."""

    user_id: str
    cart_id: str


class CartSynced(_Event, frozen=True, tag=True):
    """The platform's cart, in ``context``, holds what version ``synced_version`` of ours does."""

    user_id: str
    cart_id: str
    synced_version: int
    context: ExternalContext | None = None
    accessed_at: datetime | None = None


class CartSyncFailed(_Event, frozen=True, tag=True):
    """The platform's cart could not be brought up to ours."""

    user_id: str
    cart_id: str
    error: str
    context: ExternalContext | None = None
    accessed_at: datetime | None = None


class CheckoutBegun(_Event, frozen=True, tag=True):
    """The cart is frozen. ``reserved`` tells that stock is reserved under the attempt's id."""

    user_id: str
    cart_id: str
    attempt_id: str
    reserved: bool
    ask: CheckoutKey | None = None


class PlacingBegun(_Event, frozen=True, tag=True):
    """From here on, the platform may have an order."""

    user_id: str
    attempt_id: str
    context: ExternalContext


class CheckoutDoubted(_Event, frozen=True, tag=True):
    """Nobody knows whether the platform has an order."""

    user_id: str
    attempt_id: str
    why: str


class CheckoutCompleted(_Event, frozen=True, tag=True):
    """The platform has this order, and it is paid or authorized.

    ``reason`` is why a person says so, where the platform could not.
    """

    user_id: str
    attempt_id: str
    order: Order
    reason: str | None = None


class CheckoutFailed(_Event, frozen=True, tag=True):
    """There is no order. ``absent``: none was found, which is less than a refusal."""

    user_id: str
    attempt_id: str
    failure: Failure
    absent: bool = False


class CartClosed(_Event, frozen=True, tag=True):
    """The cart was bought, and is let go of."""

    user_id: str
    cart_id: str


class CheckoutForgotten(_Event, frozen=True, tag=True):
    """What is known of an ended checkout is let go of."""

    user_id: str
    attempt_id: str


CartEvent: TypeAlias = (
    ProductPut
    | CartOpened
    | ItemPut
    | ItemRemoved
    | CartRepriced
    | CartDropped
    | CartSynced
    | CartSyncFailed
    | CheckoutBegun
    | PlacingBegun
    | CheckoutDoubted
    | CheckoutCompleted
    | CheckoutFailed
    | CartClosed
    | CheckoutForgotten
)
