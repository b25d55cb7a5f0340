"""The shapes of carts: what may be put into one, and what it looks like."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from surestock.api.schemas.catalog import Currency, Kind, Price
from surestock.api.schemas.values import Body, Identifier, Quantity, Shown, Version
from surestock.cart.model import MAX_ITEM_QTY

Pieces: TypeAlias = Annotated[int, Field(ge=1, le=MAX_ITEM_QTY)]
Status: TypeAlias = Literal["pending", "in_progress", "unknown", "completed", "failed"]


class AddBody(Body):
    """What to put into the cart. The price is the catalog's; ``storeId`` is for what is stocked."""

    sku: Identifier = Field(examples=["phone-15"])
    qty: Pieces = Field(examples=[1])
    store_id: Identifier | None = Field(default=None, examples=["store-1"])
    expected_version: Version | None = None


class QuantityBody(Body):
    """How many the cart is to hold."""

    qty: Pieces = Field(examples=[2])
    expected_version: Version | None = None


class ItemShown(Shown):
    """A product in a cart, at the price that the user was shown."""

    sku: Identifier
    name: str
    type: Kind
    qty: Pieces
    unit_price: Price
    line_total: Quantity
    store_id: Identifier | None = None


class TotalsShown(Shown):
    """What all items cost, in minor units of the currency."""

    subtotal: Quantity
    currency: Currency


class OrderTotals(TotalsShown):
    """What an order costs. ``total`` is the platform's, which may hold taxes and shipping."""

    total: Quantity


class CheckoutResult(Shown):
    """The order that a checkout came to."""

    order_id: str
    order_number: str
    totals: OrderTotals
    cart_id: Identifier


class CheckoutError(Shown):
    """Why a checkout made no order, or why nobody knows: a stable code, and a sentence."""

    error: str
    message: str


class CartShown(Shown):
    """A cart; how the platform's cart stands to it; and its checkout."""

    cart_id: Identifier
    user_id: Identifier
    items: list[ItemShown]
    totals: TotalsShown
    version: Version
    created_at: datetime
    updated_at: datetime
    last_accessed_at: datetime
    provider: str | None
    external_cart_id: str | None
    sync_status: Literal["pending", "synced", "failed"]
    last_synced_at: datetime | None
    last_sync_error: str | None
    checkout_status: Status
    checkout_started_at: datetime | None
    checkout_completed_at: datetime | None
    checkout_result: CheckoutResult | None
    checkout_error: CheckoutError | None


class CartChange(CartShown):
    """A cart after a mutation, and the mutation's place in the log."""

    sequence: Annotated[int, Field(ge=1)]
