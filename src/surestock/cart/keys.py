"""What a command about carts touches or looks at: what is locked before it is decided."""

from collections.abc import Callable
from typing import Any, TypeAlias

from surestock.cart import commands as cmd
from surestock.cart.deciding.offer import lines_of
from surestock.cart.find import find_cart
from surestock.cart.model import Cart, Checkout, Product
from surestock.inventory.document import DocumentKey
from surestock.inventory.model import StockKey
from surestock.inventory.view import View

Keys: TypeAlias = tuple[list[DocumentKey], list[StockKey]]

OfUser: TypeAlias = (
    cmd.RemoveItem | cmd.DropCart | cmd.NoteMirror | cmd.CloseCart | cmd.ForgetCheckout
)
OfAttempt: TypeAlias = cmd.BeginPlacing | cmd.DoubtCheckout | cmd.RepeatCheckout
OfReserved: TypeAlias = cmd.CompleteCheckout | cmd.FailCheckout


def _of_product(_: View, command: cmd.PutProduct) -> Keys:
    return [(Product.KIND, command.sku)], []


def _of_user(_: View, command: OfUser) -> Keys:
    return [(Cart.KIND, command.user_id), (Checkout.KIND, command.user_id)], []


def _of_item(_: View, command: cmd.AddItem | cmd.SetItemQuantity) -> Keys:
    user_id = command.user_id
    return [(Cart.KIND, user_id), (Checkout.KIND, user_id), (Product.KIND, command.sku)], []


def _of_items(view: View, command: cmd.Reprice | cmd.BeginCheckout) -> Keys:
    user_id = command.user_id
    cart = find_cart(view, user_id)
    items = () if cart is None else cart.items
    documents = [(Cart.KIND, user_id), (Checkout.KIND, user_id)]
    documents.extend((Product.KIND, item.sku) for item in items)
    return documents, []


def _of_checkout(view: View, command: cmd.BeginCheckout) -> Keys:
    documents, levels = _of_items(view, command)
    cart = find_cart(view, command.user_id)
    if cart is not None:
        levels.extend(line.key for line in lines_of(view, cart, command.default_store_id))
    return documents, levels


def _of_attempt(_: View, command: OfAttempt) -> Keys:
    return [(Checkout.KIND, command.user_id)], []


def _of_reserved(view: View, command: OfReserved) -> Keys:
    held = view.reservation(command.attempt_id)
    levels = [] if held is None else [line.key for line in held.lines]
    return [(Checkout.KIND, command.user_id)], levels


CART_KEYS: dict[type, Callable[[View, Any], Keys]] = {
    cmd.PutProduct: _of_product,
    cmd.AddItem: _of_item,
    cmd.SetItemQuantity: _of_item,
    cmd.RemoveItem: _of_user,
    cmd.Reprice: _of_items,
    cmd.DropCart: _of_user,
    cmd.NoteMirror: _of_user,
    cmd.BeginCheckout: _of_checkout,
    cmd.BeginPlacing: _of_attempt,
    cmd.CompleteCheckout: _of_reserved,
    cmd.FailCheckout: _of_reserved,
    cmd.DoubtCheckout: _of_attempt,
    cmd.RepeatCheckout: _of_attempt,
    cmd.CloseCart: _of_user,
    cmd.ForgetCheckout: _of_user,
}
"""For each command the documents, each once, and the levels."""
