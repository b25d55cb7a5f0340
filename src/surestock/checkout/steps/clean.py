"""Clean: let go of a cart that was bought, here and at the platform.

Best effort: the result is on record before, so that a cart which is left behind cannot be bought
again. What fails here, the reaper does later.
"""

from surestock.cart.commands import CloseCart
from surestock.cart.model import Checkout
from surestock.checkout.shop import Shop
from surestock.kit.errors import Refusal, Unavailable


async def clean(shop: Shop, checkout: Checkout) -> bool:
    """Let go of the cart of a completed checkout; tell whether that was done."""
    cart = await shop.find_cart(checkout.user_id)
    if cart is None or cart.cart_id != checkout.cart_id:
        return True
    try:
        await shop.record(CloseCart(checkout.user_id, checkout.cart_id))
    except (Refusal, Unavailable) as error:
        shop.log.info("a bought cart is left to the reaper", why=str(error))
        return False
    shop.figures.closed_carts += 1
    context = checkout.attempt.context or cart.mirror.context
    if context is not None:
        shop.mirrors.forget(checkout.user_id, context)
    return True
