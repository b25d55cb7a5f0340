"""What a person found out of a checkout that nobody else could tell of, in the user's turn."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from surestock.cart.model import Failure
from surestock.checkout.ask import CheckoutEnd, PersonsWord
from surestock.checkout.errors import CheckoutResolved
from surestock.checkout.shop import Shop
from surestock.checkout.steps.begin import undo
from surestock.checkout.steps.clean import clean
from surestock.checkout.steps.settle import complete
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import Overloaded


@asynccontextmanager
async def turn_soon(shop: Shop, user_id: str) -> AsyncIterator[None]:
    """Be the only one of the user for the length of the block.

    Raises ``Overloaded`` when that takes longer than a client waits for an answer: another process
    may have the turn and stand still. ``QueueFull`` as ever.
    """
    async with AsyncExitStack() as stack:
        try:
            async with asyncio.timeout(shop.config.answer_s):
                await stack.enter_async_context(shop.queue.turn(user_id))
        except TimeoutError as error:
            raise Overloaded(
                f"Somebody else is at the checkout of user {user_id}. Try again in a moment."
            ) from error
        yield


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
