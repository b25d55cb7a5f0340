"""What must hold before an event can follow, checked for live commands and for replay alike."""

from surestock.cart.find import find_cart, find_checkout, find_checkout_of
from surestock.cart.model import (
    MAX_ITEM_QTY,
    MAX_UNIT_PRICE,
    MOST_ITEMS,
    Cart,
    Checkout,
    Item,
)
from surestock.cart.version import next_version
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes


def get_cart(changes: Changes, user_id: str, cart_id: str) -> Cart:
    """Return the user's cart, which must be the one that an event names."""
    cart = find_cart(changes, user_id)
    if cart is None or cart.cart_id != cart_id:
        msg = f"an event needs cart {cart_id} of user {user_id}, but it is {_id_of(cart)}"
        raise InvariantViolation(msg)
    return cart


def get_changing(changes: Changes, user_id: str, version: int) -> Cart:
    """Return the user's cart, which must be free and become ``version`` with this record."""
    cart = find_cart(changes, user_id)
    if cart is None:
        msg = f"an event changes the cart of user {user_id}, who has none"
        raise InvariantViolation(msg)
    check_free(changes, cart)
    follows = next_version(changes, cart)
    if version != follows:
        msg = f"version {version} of the cart of user {user_id} does not follow: {follows} would"
        raise InvariantViolation(msg)
    return cart


def check_free(changes: Changes, cart: Cart) -> None:
    """Raise unless the cart may change: it is neither being checked out nor bought."""
    checkout = find_checkout_of(changes, cart)
    if checkout is not None and checkout.status != "failed":
        msg = f"an event changes cart {cart.cart_id}, whose checkout is {checkout.status}"
        raise InvariantViolation(msg)


def get_checkout(changes: Changes, user_id: str, attempt_id: str) -> Checkout:
    """Return the user's checkout, of which an event must name the current attempt."""
    checkout = find_checkout(changes, user_id)
    if checkout is None or checkout.attempt.attempt_id != attempt_id:
        current = None if checkout is None else checkout.attempt.attempt_id
        msg = f"an event needs attempt {attempt_id} of user {user_id}, but it is {current}"
        raise InvariantViolation(msg)
    return checkout


def get_open(changes: Changes, user_id: str, attempt_id: str) -> Checkout:
    """Return the user's checkout, which must be open, in the attempt that an event names."""
    checkout = get_checkout(changes, user_id, attempt_id)
    if not checkout.is_open:
        msg = f"an event needs attempt {attempt_id} open, but it is {checkout.status}"
        raise InvariantViolation(msg)
    return checkout


def check_price(sku: str, unit_price: int) -> None:
    """Raise unless a price is one that a product may have."""
    if not 0 <= unit_price <= MAX_UNIT_PRICE:
        msg = f"impossible price of {sku!r}: {unit_price}"
        raise InvariantViolation(msg)


def check_item(item: Item) -> None:
    """Raise unless the item is one that a cart may have."""
    check_price(item.sku, item.unit_price)
    if not 1 <= item.qty <= MAX_ITEM_QTY or (item.stocked and item.store_id is None):
        msg = f"impossible item of a cart: {item}"
        raise InvariantViolation(msg)


def check_room(items: tuple[Item, ...]) -> None:
    """Raise when there are more items than a cart may have."""
    if len(items) > MOST_ITEMS:
        msg = f"a cart of {len(items)} items"
        raise InvariantViolation(msg)


def _id_of(cart: Cart | None) -> str | None:
    return None if cart is None else cart.cart_id
