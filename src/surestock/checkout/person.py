"""What a person found out of a checkout that nobody else could tell of, in the user's turn."""

from surestock.cart.model import Failure, Order
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.errors import CheckoutResolved
from surestock.checkout.shop import Shop
from surestock.checkout.steps.begin import undo
from surestock.checkout.steps.clean import clean
from surestock.checkout.steps.settle import complete
from surestock.inventory.refusals import NotFound


async def resolve(
    shop: Shop,
    user_id: str,
    attempt_id: str,
    order: Order | None,
    reason: str,
    actor: str,
    request_id: str,
) -> CheckoutEnd:
    """Record the order of an open checkout, or that there is none.

    Raises ``NotFound``, or :class:`CheckoutResolved` when it has had its end.
    """
    checkout = await shop.find_checkout(user_id)
    if checkout is None or checkout.attempt.attempt_id != attempt_id:
        raise NotFound(f"checkout {attempt_id} of user {user_id}")
    if not checkout.is_open:
        raise CheckoutResolved(checkout)
    if order is not None:
        end = await complete(shop, checkout, order, actor, request_id, reason)
        await clean(shop, checkout)
        return end
    why = Failure("ProviderConflict", f"It was given up: {reason}")
    context = checkout.attempt.context
    # A person may be wrong, too: where it can be asked for, it is before the next order.
    may_turn_up = context is not None and context.provider == shop.provider.name
    await undo(shop, checkout, why, absent=may_turn_up, actor=actor, request_id=request_id)
    return CheckoutEnd("failed")
