"""What can be asked for about the catalog, a cart or a checkout. Imperatives; immutable.

The first half comes from clients. The second half Surestock sends itself, on the way of a checkout
and of the platform's cart; each names what it is about (a cart id, an attempt id), and is refused
with ``Superseded`` when that is not current any more.
"""

from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

from surestock.cart.model import CheckoutKey, ExternalContext, Failure, Order, ProductType

DEFAULT_STORE_ID = "online"
"""Where stocked products are taken from, if nobody says."""


class PutProduct(Struct, frozen=True, tag=True, tag_field="command"):
    """Set a product of the catalog. ``expected_version`` of 0: it must be new."""

    sku: str
    name: str
    type: ProductType
    unit_price: int
    currency: str
    stocked: bool
    expected_version: int | None = None


class AddItem(Struct, frozen=True, tag=True):
    """Put ``qty`` more of a product into the cart, at today's price; open the cart if need be.

    ``default_store_id`` is where a stocked product is taken from when ``store_id`` is None. With
    ``must_exist``, no cart is opened.
    """

    user_id: str
    sku: str
    qty: int
    store_id: str | None = None
    expected_version: int | None = None
    default_store_id: str = DEFAULT_STORE_ID
    must_exist: bool = False


class SetItemQuantity(Struct, frozen=True, tag=True):
    """Let the cart hold ``qty`` of a product that it has, at today's price.

    ``default_store_id`` is where it is taken from when it is stocked by now and names no store; it
    means the same below.
    """

    user_id: str
    sku: str
    qty: int
    expected_version: int | None = None
    default_store_id: str = DEFAULT_STORE_ID


class RemoveItem(Struct, frozen=True, tag=True):
    """Take a product out of the cart."""

    user_id: str
    sku: str
    expected_version: int | None = None


class DropCart(Struct, frozen=True, tag=True):
    """Let go of the cart. With ``cart_id``, only of that one."""

    user_id: str
    expected_version: int | None = None
    cart_id: str | None = None


class Reprice(Struct, frozen=True, tag=True):
    """Take over today's prices (and names) of the catalog. Nothing to do when they are the same.

    An item whose product is gone from the catalog, or is sold in another currency, is refused.
    """

    user_id: str
    default_store_id: str = DEFAULT_STORE_ID


class NoteMirror(Struct, frozen=True, tag=True):
    """Record how the platform's cart stands to ours.

    ``synced_version`` is set when it has that version of ours now, ``error`` when it has not.
    ``accessed_at`` is when the user last looked, as far as memory knows.
    """

    user_id: str
    cart_id: str
    context: ExternalContext | None
    synced_version: int | None = None
    error: str | None = None
    accessed_at: datetime | None = None


class BeginCheckout(Struct, frozen=True, tag=True):
    """Reserve what is stocked, and freeze the cart, for one attempt to place its order.

    The record's id becomes the id of the attempt, and of the reservation.
    """

    user_id: str
    expected_version: int | None = None
    ask: CheckoutKey | None = None
    default_store_id: str = DEFAULT_STORE_ID


class BeginPlacing(Struct, frozen=True, tag=True):
    """Record that the order is about to be placed at the platform, in ``context``."""

    user_id: str
    attempt_id: str
    context: ExternalContext


class CompleteCheckout(Struct, frozen=True, tag=True):
    """Record the order that the platform has; what was reserved leaves on-hand.

    The order may have come of an earlier attempt that was thought to be absent. ``reason`` is why
    a person says so, where the platform could not.
    """

    user_id: str
    attempt_id: str
    order: Order
    reason: str | None = None


class FailCheckout(Struct, frozen=True, tag=True):
    """Record that no order was placed; what was reserved becomes available, the cart is free.

    ``absent``: the platform knew of no order after its time for that was over. The attempt is
    remembered then, should it turn up after all.
    """

    user_id: str
    attempt_id: str
    failure: Failure
    absent: bool = False


class DoubtCheckout(Struct, frozen=True, tag=True):
    """Record that nobody knows whether the order was placed. Stock stays reserved."""

    user_id: str
    attempt_id: str
    why: str


class RepeatCheckout(Struct, frozen=True, tag=True):
    """Answer with the end that an attempt has had, for a key that joined it. Changes nothing."""

    user_id: str
    attempt_id: str


class CloseCart(Struct, frozen=True, tag=True):
    """Let go of a cart whose checkout is completed. The checkout is kept."""

    user_id: str
    cart_id: str


class ForgetCheckout(Struct, frozen=True, tag=True):
    """Let go of a checkout that has ended long ago."""

    user_id: str
    attempt_id: str


CartCommand: TypeAlias = (
    PutProduct
    | AddItem
    | SetItemQuantity
    | RemoveItem
    | DropCart
    | Reprice
    | NoteMirror
    | BeginCheckout
    | BeginPlacing
    | CompleteCheckout
    | FailCheckout
    | DoubtCheckout
    | RepeatCheckout
    | CloseCart
    | ForgetCheckout
)
