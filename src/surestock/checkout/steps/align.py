"""Align: a live cart at the platform that holds exactly ours, at our prices.

Nothing to take back: that cart is a mirror, and buys nothing.
"""

from surestock.cart.model import Cart
from surestock.checkout.shop import Shop
from surestock.commerce.port import RemoteCart


async def align(shop: Shop, cart: Cart) -> RemoteCart:
    """Return the platform's cart, made anew if need be. Raises a ``CommerceError``."""
    return await shop.mirrors.align(cart)
