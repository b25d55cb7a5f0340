"""Place: the one call that buys. From the record before it on, there may be an order.

Cannot be taken back, only asked about: see ``settle`` and ``resolution``. Between the two, whoever
places makes sure that it still has the user's turn. If it has not, another process may have asked
the platform already, and been told that there is no order: then it has to stay so.
"""

from surestock.cart.commands import BeginPlacing
from surestock.cart.model import Attempt, Checkout, ExternalContext
from surestock.checkout.shop import Shop
from surestock.commerce.errors import Conflict
from surestock.commerce.port import OrderRequest, PlacedOrder

MOST_ABSENT = 16
"""So many attempts of a cart are remembered that came to nothing that anybody knows of."""


async def find_earlier(shop: Shop, checkout: Checkout) -> tuple[Attempt, PlacedOrder] | None:
    """Return an order of an earlier attempt that was given up, if there is one after all.

    Raises a ``CommerceError`` when that cannot be told: then nothing may be placed. Neither may it
    when there are too many of them: each is asked about before each order.
    """
    for earlier in checkout.absent:
        if earlier.context is None:
            continue
        if earlier.context.provider != shop.provider.name:
            raise Conflict(
                f"An earlier order of this cart was asked for at {earlier.context.provider}, which "
                "is not the platform in use, and may still be made. Drop the cart to begin a new "
                "one."
            )
        found = await shop.provider.find_order(earlier.context, earlier.attempt_id)
        if found is not None and found.state != "failed":
            return earlier, found
    if len(checkout.absent) >= MOST_ABSENT:
        raise Conflict(
            f"{MOST_ABSENT} orders of this cart were asked for, and nobody knows of any. "
            "Drop the cart to begin a new one."
        )
    return None


async def place(
    shop: Shop, user_id: str, context: ExternalContext, request: OrderRequest
) -> PlacedOrder:
    """Place the order that was announced. Never called twice for one attempt.

    Raises a ``CommerceError``; or ``TurnLost``, before anything was asked of the platform.
    """
    await shop.queue.confirm(user_id)
    return await shop.provider.place_order(context, request)


async def announce(shop: Shop, checkout: Checkout, context: ExternalContext) -> Checkout:
    """Record that the order is about to be placed, so that a crash is followed by a question."""
    command = BeginPlacing(checkout.user_id, checkout.attempt.attempt_id, context)
    await shop.record(command)
    return await shop.get_checkout(checkout.user_id)
