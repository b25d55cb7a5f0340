"""Versions of products and carts: each record that touches one raises it by one, however often."""

from surestock.cart.find import find_cart, find_product
from surestock.cart.model import Cart
from surestock.inventory.view import Changes

FIRST_VERSION = 1


def next_version(changes: Changes, cart: Cart) -> int:
    """Return the version that ``cart`` has after this record, which changes it."""
    before = find_cart(changes.view, cart.user_id)
    if before is None or before.cart_id != cart.cart_id:
        return FIRST_VERSION
    return before.version + 1


def next_product_version(changes: Changes, sku: str) -> int:
    """Return the version that a product has after this record, which puts it."""
    before = find_product(changes.view, sku)
    return FIRST_VERSION if before is None else before.version + 1
