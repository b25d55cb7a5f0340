"""What a person found out of a checkout that nobody else could tell of, in the user's turn."""

from surestock.cart.model import Failure
from surestock.checkout.ask import CheckoutEnd, PersonsWord
from surestock.checkout.errors import CheckoutResolved
from surestock.checkout.shop import Shop
from surestock.checkout.steps.begin import undo
from surestock.checkout.steps.clean import clean
from surestock.checkout.steps.settle import complete
from surestock.inventory.refusals import NotFound


async def resolve(shop: Shop, told: PersonsWord) -> CheckoutEnd:
    """Record the order of an open checkout, or that there is none.

    Raises ``NotFound``, or :class:`CheckoutResolved` when it has had its end.
    """
    checkout = await shop.find_checkout(told.user_id)
    if checkout is None or checkout.attempt.attempt_id != told.attempt_id:
        raise NotFound(f"checkout {told.attempt_id} of user {told.user_id}")
    if not checkout.is_open:
        raise CheckoutResolved(checkout)
    client, request_id = told.client, told.request_id
    if told.order is not None:
        end = await complete(shop, checkout, told.order, client, request_id, told.reason)
        await clean(shop, checkout)
        return end
    why = Failure("ProviderConflict", f"It was given up: {told.reason}")
    context = checkout.attempt.context
    # A person may be wrong, too: where it can be asked for, it is before the next order.
    may_turn_up = context is not None and context.provider == shop.provider.name
    await undo(shop, checkout, why, absent=may_turn_up, actor=client, request_id=request_id)
    return CheckoutEnd("failed")
