"""How carts and checkouts are let go of."""

from surestock.cart.events import CartClosed, CartDropped, CheckoutForgotten
from surestock.cart.evolving.check import check_free, get_cart, get_checkout
from surestock.cart.find import find_cart, find_checkout_of
from surestock.cart.model import Cart, Checkout
from surestock.inventory.document import Gone
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.view import Changes


def cart_dropped(changes: Changes, event: CartDropped) -> None:
    """Let go of a cart that nobody is buying, and nobody bought."""
    cart = get_cart(changes, event.user_id, event.cart_id)
    check_free(changes, cart)
    changes.put(Gone((Cart.KIND, event.user_id)))


def cart_closed(changes: Changes, event: CartClosed) -> None:
    """Let go of a cart that was bought."""
    cart = get_cart(changes, event.user_id, event.cart_id)
    checkout = find_checkout_of(changes, cart)
    if checkout is None or checkout.status != "completed":
        msg = f"cart {cart.cart_id} was closed, but not bought"
        raise InvariantViolation(msg)
    changes.put(Gone((Cart.KIND, event.user_id)))


def checkout_forgotten(changes: Changes, event: CheckoutForgotten) -> None:
    """Let go of a checkout that has ended. What tells that a cart was bought stays as it does."""
    checkout = get_checkout(changes, event.user_id, event.attempt_id)
    cart = find_cart(changes, event.user_id)
    bought = checkout.status == "completed" and checkout.cart_id
    if checkout.is_open or (cart is not None and cart.cart_id == bought):
        msg = f"attempt {event.attempt_id} was forgotten while it mattered"
        raise InvariantViolation(msg)
    changes.put(Gone((Checkout.KIND, event.user_id)))
