"""A product, as clients see it."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from surestock.cart.body.shape import Body
from surestock.cart.model import Product, ProductType


class ProductBody(Body, frozen=True):
    """A product of the catalog, with its price in minor units; a mutation adds its sequence."""

    sku: str
    name: str
    type: ProductType
    unit_price: int
    currency: str
    stocked: bool
    version: int
    updated_at: datetime
    sequence: int | UnsetType = UNSET


def product_body(product: Product, sequence: int | UnsetType = UNSET) -> ProductBody:
    """Show a product; ``sequence`` is that of the record which put it."""
    return ProductBody(
        product.sku,
        product.name,
        product.type,
        product.unit_price,
        product.currency,
        product.stocked,
        product.version,
        product.updated_at,
        sequence,
    )
