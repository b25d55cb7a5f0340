"""What the catalog says of an item today."""

from surestock.cart.find import Documents, find_product
from surestock.cart.model import Cart, Item, Product
from surestock.cart.refusals import PriceChange
from surestock.inventory.deciding import Draft
from surestock.inventory.model import Line
from surestock.inventory.refusals import NotFound


def get_product(draft: Draft, sku: str) -> Product:
    """Return the product of the catalog. Raises ``NotFound``."""
    product = find_product(draft, sku)
    if product is None:
        raise NotFound(f"product {sku}")
    return product


def item_of(product: Product, qty: int, store_id: str | None, default_store_id: str) -> Item:
    """Return the item as it is sold today. What is stocked comes from some store."""
    if store_id is None and product.stocked:
        store_id = default_store_id
    return Item(
        product.sku,
        product.name,
        product.type,
        qty,
        product.unit_price,
        product.stocked,
        store_id,
    )


def price_changes(draft: Draft, cart: Cart) -> tuple[PriceChange, ...]:
    """Return each item whose price is another one today, or that is not sold in its currency."""
    changes = []
    for item in cart.items:
        product = find_product(draft, item.sku)
        sold = product is not None and product.currency == cart.currency
        price = product.unit_price if product is not None and sold else None
        if price != item.unit_price:
            changes.append(PriceChange(item.sku, item.unit_price, price, cart.currency))
    return tuple(changes)


def lines_of(documents: Documents, cart: Cart, default_store_id: str) -> tuple[Line, ...]:
    """Return what has to be reserved for a cart: each item that is stocked, as of today.

    A SKU stands in a cart once, and so does each (store, SKU) here.
    """
    lines = []
    for item in cart.items:
        product = find_product(documents, item.sku)
        if product is not None and product.stocked:
            lines.append(Line(item.store_id or default_store_id, item.sku, item.qty))
    return tuple(lines)
