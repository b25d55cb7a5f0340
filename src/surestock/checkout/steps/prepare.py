"""Prepare: customer, address, shipping and payment, as far as the platform wants to know them.

Nothing to take back: setting them again replaces them, and a cart that expires takes them along.
"""

from surestock.cart.model import Checkout
from surestock.checkout.ask import CheckoutAsk
from surestock.checkout.shop import Shop
from surestock.commerce.port import OrderRequest, RemoteCart


def request_of(checkout: Checkout, ask: CheckoutAsk) -> OrderRequest:
    """Return the order to place."""
    return OrderRequest(
        checkout.attempt.attempt_id,
        checkout.currency,
        checkout.subtotal,
        ask.customer,
        ask.address,
        ask.payment,
    )


async def prepare(shop: Shop, remote: RemoteCart, request: OrderRequest) -> RemoteCart:
    """Return the cart, ready for its order. Raises a ``CommerceError``."""
    return await shop.provider.prepare_checkout(remote.context, request)
