"""The rules of carts, by command: each turns it into events, or refuses it. Pure.

The order of checks is the contract's: existence, then the version, then whether the cart is frozen,
then what is wrong with the wish itself.
"""

from collections.abc import Callable
from typing import Any

from surestock.cart import commands as cmd
from surestock.cart.deciding import catalog, checkout, closing, item, mirror
from surestock.inventory.deciding import Draft

CART_RULES: dict[type, Callable[[Draft, Any], None]] = {
    cmd.PutProduct: catalog.put_product,
    cmd.AddItem: item.add_item,
    cmd.SetItemQuantity: item.set_item_quantity,
    cmd.RemoveItem: item.remove_item,
    cmd.Reprice: item.reprice,
    cmd.DropCart: closing.drop_cart,
    cmd.NoteMirror: mirror.note_mirror,
    cmd.BeginCheckout: checkout.begin_checkout,
    cmd.BeginPlacing: checkout.begin_placing,
    cmd.CompleteCheckout: checkout.complete_checkout,
    cmd.FailCheckout: checkout.fail_checkout,
    cmd.DoubtCheckout: checkout.doubt_checkout,
    cmd.RepeatCheckout: checkout.repeat_checkout,
    cmd.CloseCart: closing.close_cart,
    cmd.ForgetCheckout: closing.forget_checkout,
}
