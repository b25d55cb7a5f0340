"""Products, carts and checkouts as they are on record, and the condition on their versions."""

from surestock.api.call import Call
from surestock.api.errors import WeakCartTag, WeakProductTag
from surestock.api.mutation import has_weak_tag, stated_version
from surestock.cart.model import Cart, Checkout, Product
from surestock.inventory.refusals import NotFound


async def find_product(call: Call, sku: str) -> Product | None:
    """Return the product, or None when the catalog has none of this SKU."""
    found = await call.service.engine.find_document((Product.KIND, sku))
    return found if isinstance(found, Product) else None


async def get_product(call: Call, sku: str) -> Product:
    """Return the product. Raises ``NotFound``."""
    found = await find_product(call, sku)
    if found is None:
        raise NotFound(f"product {sku}")
    return found


async def find_cart(call: Call, user_id: str) -> Cart | None:
    """Return the user's cart, or None when there is none."""
    found = await call.service.engine.find_document((Cart.KIND, user_id))
    return found if isinstance(found, Cart) else None


async def get_cart(call: Call, user_id: str) -> Cart:
    """Return the user's cart. Raises ``NotFound``."""
    found = await find_cart(call, user_id)
    if found is None:
        raise NotFound(f"cart of user {user_id}")
    return found


async def find_checkout(call: Call, user_id: str) -> Checkout | None:
    """Return the user's current or last checkout, or None when none is known."""
    found = await call.service.engine.find_document((Checkout.KIND, user_id))
    return found if isinstance(found, Checkout) else None


async def get_checkout(call: Call, user_id: str) -> Checkout:
    """Return the user's current or last checkout. Raises ``NotFound``."""
    found = await find_checkout(call, user_id)
    if found is None:
        raise NotFound(f"checkout of user {user_id}")
    return found


async def cart_version(call: Call, user_id: str, in_body: int | None = None) -> int | None:
    """Return the version that the cart is expected to have, by If-Match or by the body.

    Raises :class:`ValidationFailed` when the two differ, :class:`WeakCartTag` when If-Match cannot
    match (or ``NotFound``, which comes first, when there is nothing to match).
    """
    expected = stated_version(call, in_body)
    if expected is not None and has_weak_tag(call):
        cart = await get_cart(call, user_id)
        raise WeakCartTag(expected, cart, await find_checkout(call, user_id))
    return expected


async def product_version(call: Call, sku: str, in_body: int | None) -> int | None:
    """Return the version that the product is expected to have, as :func:`cart_version` does.

    ``If-Match: *`` wants one at all, and since none ever goes, it may be looked for beforehand.
    """
    expected = stated_version(call, in_body)
    condition = call.if_match
    if condition is not None and (condition.weak or condition.version is None):
        product = await get_product(call, sku)
        if condition.weak and expected is not None:
            raise WeakProductTag(expected, product)
    return expected
