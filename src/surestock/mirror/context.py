"""A cart at the platform that surely lives: the one that we know of, or a new one in its place."""

from surestock.cart.model import Cart, ExternalContext
from surestock.commerce.errors import CartExpired
from surestock.commerce.port import CommerceProvider, RemoteCart


def own_context(provider: CommerceProvider, cart: Cart) -> ExternalContext | None:
    """Return where ``provider`` has its cart of ours; None when it has none, or another has it."""
    context = cart.mirror.context
    return context if context is not None and context.provider == provider.name else None


async def live_cart(provider: CommerceProvider, cart: Cart) -> RemoteCart:
    """Return the platform's cart as it is now; its context may be renewed.

    When it has expired, when there was none, or when another platform had it, it is a new one, and
    empty. Raises a ``CommerceError``.
    """
    context = own_context(provider, cart)
    if context is not None:
        try:
            return await provider.read_cart(context)
        except CartExpired:
            pass  # what expires is made again; nobody need notice
    return await provider.open_cart(cart.currency, cart.cart_id)
