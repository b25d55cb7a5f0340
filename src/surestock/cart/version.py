"""Versions of products and carts: each record that touches one raises it by one, however often.

A user's carts stand under one name. So the versions of a new one go on behind those of the cart
that was bought: a condition on what was seen of that never holds for the one in its place.
"""

from surestock.cart.find import Documents, find_cart, find_checkout, find_product
from surestock.cart.model import Cart
from surestock.inventory.view import Changes

FIRST_VERSION = 1


def first_version(documents: Documents, user_id: str) -> int:
    """Return the version of a cart that is opened now, for as long as the last checkout is kept."""
    checkout = find_checkout(documents, user_id)
    return FIRST_VERSION if checkout is None else checkout.attempt.version + 1


def next_version(changes: Changes, cart: Cart) -> int:
    """Return the version that ``cart`` has after this record, which changes it."""
    before = find_cart(changes.view, cart.user_id)
    if before is None or before.cart_id != cart.cart_id:
        return first_version(changes.view, cart.user_id)
    return before.version + 1


def next_product_version(changes: Changes, sku: str) -> int:
    """Return the version that a product has after this record, which puts it."""
    before = find_product(changes.view, sku)
    return FIRST_VERSION if before is None else before.version + 1
