"""How each event about the catalog, a cart or a checkout changes the state. No other code does."""

from collections.abc import Callable
from typing import Any

from surestock.cart import events as ev
from surestock.cart.evolving import checkout, closing, item, mirror
from surestock.inventory.view import Changes

CART_CHANGES: dict[type, Callable[[Changes, Any], None]] = {
    ev.ProductPut: item.product_put,
    ev.CartOpened: item.cart_opened,
    ev.ItemPut: item.item_put,
    ev.ItemRemoved: item.item_removed,
    ev.CartRepriced: item.cart_repriced,
    ev.CartDropped: closing.cart_dropped,
    ev.CartSynced: mirror.cart_synced,
    ev.CartSyncFailed: mirror.cart_sync_failed,
    ev.CheckoutBegun: checkout.checkout_begun,
    ev.PlacingBegun: checkout.placing_begun,
    ev.CheckoutDoubted: checkout.checkout_doubted,
    ev.CheckoutCompleted: checkout.checkout_completed,
    ev.CheckoutFailed: checkout.checkout_failed,
    ev.CartClosed: closing.cart_closed,
    ev.CheckoutForgotten: closing.checkout_forgotten,
}
