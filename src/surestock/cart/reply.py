"""The answer to each command about carts, made from what its record leaves.

A record that changed nothing is answered as well, with the state as it is.
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from msgspec import UNSET, Raw, UnsetType, json

from surestock.cart import commands as cmd
from surestock.cart.body import cart_body, checkout_body, product_body
from surestock.cart.find import find_cart, find_checkout, find_product
from surestock.cart.version import FIRST_VERSION
from surestock.inventory.reply import Reply
from surestock.inventory.view import Changes

__all__ = ["CART_REPLIES", "cart_body", "checkout_body", "product_body"]

_encode = json.Encoder().encode
_NOTHING = Reply(Raw(b"{}"))

CartChange: TypeAlias = cmd.AddItem | cmd.SetItemQuantity | cmd.RemoveItem
CheckoutStep: TypeAlias = (
    cmd.BeginCheckout | cmd.BeginPlacing | cmd.CompleteCheckout | cmd.DoubtCheckout
)


def _product(command: cmd.PutProduct, changes: Changes, sequence: int) -> Reply:
    product = find_product(changes, command.sku)
    assert product is not None
    body = Raw(_encode(product_body(product, sequence)))
    return Reply(body, product.version, created=product.version == FIRST_VERSION)


def _cart(command: CartChange, changes: Changes, sequence: int) -> Reply:
    return _of_user(command.user_id, changes, sequence)


def _cart_as_it_is(command: cmd.Reprice | cmd.NoteMirror, changes: Changes, _: int) -> Reply:
    """Answer without the sequence: where there was nothing to change, no record has it."""
    return _of_user(command.user_id, changes, UNSET)


def _of_user(user_id: str, changes: Changes, sequence: int | UnsetType) -> Reply:
    cart = find_cart(changes, user_id)
    assert cart is not None
    checkout = find_checkout(changes, user_id)
    return Reply(Raw(_encode(cart_body(cart, checkout, None, sequence))), cart.version)


def _checkout(command: CheckoutStep, changes: Changes, _: int) -> Reply:
    checkout = find_checkout(changes, command.user_id)
    assert checkout is not None
    return Reply(Raw(_encode(checkout_body(checkout))))


def _failed(command: cmd.FailCheckout, _: Changes, __: int) -> Reply:
    """Answer with the failure itself: whoever asks with the same key again is told the same."""
    failure = command.failure
    return Reply(Raw(_encode(failure)), failure=failure.code)


def _end(command: cmd.RepeatCheckout, changes: Changes, _: int) -> Reply:
    """Answer as the record of the end did."""
    checkout = find_checkout(changes, command.user_id)
    assert checkout is not None
    failure = checkout.failure
    if failure is not None:
        return Reply(Raw(_encode(failure)), failure=failure.code)
    return Reply(Raw(_encode(checkout_body(checkout))))


def _nothing(_: object, __: Changes, ___: int) -> Reply:
    """Answer that something is not there any more, which leaves nothing to show."""
    return _NOTHING


CART_REPLIES: dict[type, Callable[[Any, Changes, int], Reply]] = {
    cmd.PutProduct: _product,
    cmd.AddItem: _cart,
    cmd.SetItemQuantity: _cart,
    cmd.RemoveItem: _cart,
    cmd.Reprice: _cart_as_it_is,
    cmd.NoteMirror: _cart_as_it_is,
    cmd.DropCart: _nothing,
    cmd.BeginCheckout: _checkout,
    cmd.BeginPlacing: _checkout,
    cmd.CompleteCheckout: _checkout,
    cmd.FailCheckout: _failed,
    cmd.DoubtCheckout: _checkout,
    cmd.RepeatCheckout: _end,
    cmd.CloseCart: _nothing,
    cmd.ForgetCheckout: _nothing,
}
