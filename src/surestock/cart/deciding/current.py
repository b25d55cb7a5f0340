"""The cart that a command is about: there, of the expected version, and free, in that order."""

from surestock.cart.find import find_cart, find_checkout_of
from surestock.cart.model import Cart, Checkout, Item
from surestock.cart.refusals import CartConflict, CheckoutInProgress
from surestock.inventory.deciding import Draft
from surestock.inventory.refusals import NotFound


def find_current(draft: Draft, user_id: str) -> tuple[Cart | None, Checkout | None]:
    """Return the user's cart and its checkout. A cart that was bought counts as none."""
    cart = find_cart(draft, user_id)
    if cart is None:
        return None, None
    checkout = find_checkout_of(draft, cart)
    if checkout is not None and checkout.status == "completed":
        return None, None
    return cart, checkout


def get_current(draft: Draft, user_id: str) -> tuple[Cart, Checkout | None]:
    """Return the user's cart and its checkout. Raises ``NotFound``."""
    cart, checkout = find_current(draft, user_id)
    if cart is None:
        raise NotFound(f"cart of user {user_id}")
    return cart, checkout


def check_current(cart: Cart, checkout: Checkout | None, expected_version: int | None) -> None:
    """Raise :class:`CartConflict`, or :class:`CheckoutInProgress` when the cart is frozen."""
    if expected_version is not None and cart.version != expected_version:
        raise CartConflict(expected_version, cart, checkout)
    if checkout is not None and checkout.is_open:
        raise CheckoutInProgress(checkout)


def get_item(cart: Cart, sku: str) -> Item:
    """Return the item of the cart. Raises ``NotFound``."""
    for item in cart.items:
        if item.sku == sku:
            return item
    raise NotFound(f"SKU {sku} in the cart of user {cart.user_id}")
