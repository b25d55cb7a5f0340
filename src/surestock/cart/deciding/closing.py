"""How carts and checkouts are let go of."""

from surestock.cart.commands import CloseCart, DropCart, ForgetCheckout
from surestock.cart.deciding.current import check_current, get_current
from surestock.cart.deciding.record import record
from surestock.cart.events import CartClosed, CartDropped, CheckoutForgotten
from surestock.cart.find import find_cart, find_checkout, find_checkout_of
from surestock.cart.refusals import Superseded
from surestock.inventory.deciding import Draft


def drop_cart(draft: Draft, command: DropCart) -> None:
    """Let go of a cart that nobody is buying. What is known of an ended checkout stays."""
    cart, checkout = get_current(draft, command.user_id)
    if command.cart_id is not None and command.cart_id != cart.cart_id:
        raise Superseded(f"Cart {command.cart_id}")
    check_current(cart, checkout, command.expected_version)
    record(draft, CartDropped(command.user_id, cart.cart_id))


def close_cart(draft: Draft, command: CloseCart) -> None:
    """Let go of a cart that was bought."""
    cart = find_cart(draft, command.user_id)
    checkout = None if cart is None else find_checkout_of(draft, cart)
    if checkout is None or checkout.cart_id != command.cart_id or checkout.status != "completed":
        raise Superseded(f"The end of cart {command.cart_id}")
    record(draft, CartClosed(command.user_id, command.cart_id))


def forget_checkout(draft: Draft, command: ForgetCheckout) -> None:
    """Let go of an ended checkout.

    A cart that it bought goes first: without the checkout, it could be bought again. As long as a
    cart can, the attempts that were thought to be absent are not forgotten either.
    """
    checkout = find_checkout(draft, command.user_id)
    if checkout is None or checkout.attempt.attempt_id != command.attempt_id or checkout.is_open:
        raise Superseded(f"The end of attempt {command.attempt_id}")
    cart = find_cart(draft, command.user_id)
    if cart is not None and cart.cart_id == checkout.cart_id:
        if checkout.status == "completed":
            record(draft, CartClosed(command.user_id, cart.cart_id))
        elif checkout.absent:
            raise Superseded(f"Forgetting attempt {command.attempt_id}, whose cart is still there,")
    record(draft, CheckoutForgotten(command.user_id, command.attempt_id))
