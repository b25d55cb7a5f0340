"""The answers of Medusa, as far as they are read: what is not named here is not asked for.

Amounts are numbers in major units, which are read as ``Decimal`` from the digits that came.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from msgspec import Struct

CART_FIELDS = (
    "id,currency_code,created_at,completed_at,total,metadata,customer.id,"
    "items.id,items.variant_id,items.variant_sku,items.quantity,items.unit_price,"
    "items.requires_shipping,shipping_methods.shipping_option_id"
)
ORDER_FIELDS = "id,display_id,status,currency_code,total,payment_collections.status"
MARK_FIELDS = "id,metadata"


class Item(Struct, frozen=True):
    """A line of a cart."""

    id: str
    quantity: int
    unit_price: Decimal
    variant_id: str | None = None
    variant_sku: str | None = None
    requires_shipping: bool = True


class ShippingMethod(Struct, frozen=True):
    """How a cart is to be sent."""

    shipping_option_id: str | None = None


class Buyer(Struct, frozen=True):
    """Whoever has the e-mail address of the cart, a guest also."""

    id: str


class Cart(Struct, frozen=True):
    """A cart. ``completed_at`` is set before the payment is authorized: it proves no order."""

    id: str
    currency_code: str
    created_at: datetime
    total: Decimal
    items: list[Item]
    completed_at: datetime | None = None
    customer: Buyer | None = None
    metadata: dict[str, Any] | None = None
    shipping_methods: list[ShippingMethod] = []


class CartAnswer(Struct, frozen=True):
    """The answer to every call for a cart but that which takes a line out."""

    cart: Cart


class LineGone(Struct, frozen=True):
    """The answer to that."""

    parent: Cart


class PaymentCollection(Struct, frozen=True):
    """What collects the payments for a cart, and then for its order."""

    id: str | None = None
    status: str | None = None


class CollectionAnswer(Struct, frozen=True):
    """The answer that holds one."""

    payment_collection: PaymentCollection


class Order(Struct, frozen=True):
    """An order. A completion does not tell its ``payment_status``, only that of its collections."""

    id: str
    status: str
    currency_code: str
    total: Decimal
    payment_collections: list[PaymentCollection]
    display_id: int | None = None


class OrderAnswer(Struct, frozen=True):
    """The answer that holds one."""

    order: Order


class Mark(Struct, frozen=True):
    """By what an order is recognized. The Admin API shows it, the Store API does not."""

    id: str
    metadata: dict[str, Any] | None = None


class Marks(Struct, frozen=True):
    """Some of the orders that were asked for, and how many there are in all."""

    orders: list[Mark]
    count: int


class Fault(Struct, frozen=True):
    """Why something was refused, or not paid."""

    type: str | None = None
    code: str | None = None
    message: str = ""


class Completed(Struct, frozen=True):
    """The answer to a completion: an order, or the cart as before and why it stayed one."""

    type: Literal["order", "cart"]
    order: Order | None = None
    error: Fault | None = None


class Region(Struct, frozen=True):
    """Where Medusa sells in one currency."""

    id: str
    currency_code: str


class Regions(Struct, frozen=True):
    """The regions that were asked for."""

    regions: list[Region]


class Variant(Struct, frozen=True):
    """What is sold. ``inventory_quantity`` is what is available of it."""

    id: str
    sku: str | None = None
    manage_inventory: bool | None = None
    inventory_quantity: int | None = None


class Variants(Struct, frozen=True):
    """The variants that were asked for."""

    variants: list[Variant]


class ShippingPrice(Struct, frozen=True):
    """What sending costs. None: it is worked out for each cart."""

    calculated_amount: Decimal | None = None


class ShippingOption(Struct, frozen=True):
    """A way of sending."""

    id: str
    calculated_price: ShippingPrice | None = None


class ShippingOptions(Struct, frozen=True):
    """The ways that a cart can be sent."""

    shipping_options: list[ShippingOption]
