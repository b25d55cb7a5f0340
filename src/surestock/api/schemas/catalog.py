"""The shapes of the catalog."""

from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from surestock.api.schemas.values import Body, Identifier, Shown, Text, Version
from surestock.cart.model import MAX_UNIT_PRICE

Kind: TypeAlias = Literal["device", "plan", "addon", "accessory"]
Currency: TypeAlias = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Price: TypeAlias = Annotated[int, Field(ge=0, le=MAX_UNIT_PRICE)]


class ProductBody(Body):
    """A product, with the price of record, in minor units of the currency (ISO 4217)."""

    name: Text = Field(examples=["Phone 15, 128 GB"])
    type: Kind = Field(examples=["device"])
    unit_price: Price = Field(examples=[79900])
    currency: Currency = Field(examples=["EUR"])
    stocked: bool = Field(examples=[True])
    expected_version: Version | None = None


class ProductShown(Shown):
    """An entry of the catalog. Only what is ``stocked`` touches stock."""

    sku: Identifier
    name: str
    type: Kind
    unit_price: Price
    currency: Currency
    stocked: bool
    version: Version
    updated_at: datetime


class ProductChange(ProductShown):
    """A product after it was set, and the mutation's place in the log."""

    sequence: Annotated[int, Field(ge=1)]


class ProductList(Shown):
    """A page of the catalog, by SKU; ``nextCursor`` is null on the last one."""

    items: list[ProductShown]
    next_cursor: str | None
