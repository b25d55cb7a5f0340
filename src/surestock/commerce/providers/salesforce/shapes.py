"""The parts of the platform's documents that are read; whatever else they hold is passed over.

The descriptions are Shopper Baskets 2.9, Shopper Orders 1.15, Shopper Customers 1.8 and SLAS 1.50.
Almost every member is optional there. Amounts are JSON numbers, read as ``Decimal`` and exact.
"""

from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import MsgspecError, Raw, Struct

from surestock.commerce.errors import BadAnswer

OrderStatus = Literal["created", "new", "open", "completed", "cancelled", "replaced", "failed"]
AUTHORIZED = 0
"""``authorizationStatus.status`` of a payment that stands; 1 is one that was refused."""


class Token(Struct, frozen=True):
    """What SLAS gives a shopper. ``expires_in`` counts seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    usid: str
    customer_id: str


class Problem(Struct, frozen=True, rename="camel"):
    """An error. The last word of ``type`` is stable, the rest is prose."""

    type: str = ""
    product_id: str | None = None
    basket_ids: str | None = None

    @property
    def slug(self) -> str:
        """The last word of the type's address."""
        return self.type.rsplit("/", 1)[-1]


class Authorization(Struct, frozen=True):
    """What the payment gateway said."""

    status: int | None = None


class PaymentInstrument(Struct, frozen=True, rename="camel"):
    """How a part of a basket or an order is paid."""

    payment_instrument_id: str = ""
    payment_method_id: str | None = None
    authorization_status: Authorization | None = None


class ProductItem(Struct, frozen=True, rename="camel"):
    """A line. ``base_price`` is one unit's, before any adjustment."""

    item_id: str
    product_id: str
    quantity: float
    base_price: Decimal | None = None
    bonus_product_line_item: bool = False


class Basket(Struct, frozen=True, rename="camel"):
    """A shopper's cart. It has no ``order_total`` until shipping and taxes are known."""

    basket_id: str
    currency: str | None = None
    product_items: tuple[ProductItem, ...] = ()
    payment_instruments: tuple[PaymentInstrument, ...] = ()
    order_total: Decimal | None = None


class Order(Struct, frozen=True, rename="camel"):
    """An order. ``created`` is one whose payment the site has not dealt with."""

    order_no: str
    status: OrderStatus
    currency: str
    order_total: Decimal
    payment_status: Literal["not_paid", "part_paid", "paid"] | None = None
    payment_instruments: tuple[PaymentInstrument, ...] = ()


class Orders(Struct, frozen=True):
    """A page of a shopper's orders. ``total`` counts those of all pages."""

    total: int
    data: tuple[Raw, ...] = ()


def find_text(document: bytes | Raw, name: str) -> str | None:
    """Return a custom attribute of a document, or None when that has none of the name.

    Its name is the instance's own, so no type can hold it. Raises ``BadAnswer`` for no JSON object
    and for an attribute that is no text.
    """
    try:
        found = msgspec.json.decode(document, type=dict[str, Raw]).get(name)
        return None if found is None else msgspec.json.decode(found, type=str | None)
    except (MsgspecError, ValueError, RecursionError):
        raise BadAnswer(f"The commerce platform sent no {name} that is a text.") from None
