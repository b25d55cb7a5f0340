"""Settle: what the platform says becomes a record, and only that ends a checkout.

An order that is paid or authorized completes it. A refusal fails it (``begin.undo``). Everything
else is a doubt: stock stays reserved, the cart stays frozen, and the platform is asked again.
"""

from surestock.cart.commands import CompleteCheckout, DoubtCheckout
from surestock.cart.model import Checkout, Order
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.shop import SURESTOCK, Shop
from surestock.commerce.port import PlacedOrder


async def complete(
    shop: Shop,
    checkout: Checkout,
    placed: PlacedOrder | Order,
    actor: str = SURESTOCK,
    request_id: str = "checkout",
    reason: str | None = None,
) -> CheckoutEnd:
    """Record the order; what was reserved leaves on-hand. Return the client's answer."""
    order = Order(placed.order_id, placed.order_number, placed.total, placed.currency)
    command = CompleteCheckout(checkout.user_id, checkout.attempt.attempt_id, order, reason)
    outcome = await shop.record_end(command, actor, request_id, checkout.ask)
    shop.figures.completed += 1
    return CheckoutEnd("completed", outcome.reply.body, outcome.sequence)


async def doubt(shop: Shop, checkout: Checkout, why: str) -> Checkout:
    """Record that nobody knows, unless that is on record for the same reason already."""
    if checkout.status == "unknown" and checkout.why_unknown == why:
        return checkout
    if checkout.status != "unknown":
        shop.figures.doubted += 1
    await shop.record(DoubtCheckout(checkout.user_id, checkout.attempt.attempt_id, why))
    return await shop.get_checkout(checkout.user_id)
