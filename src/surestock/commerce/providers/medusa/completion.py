"""Completing a cart: the one call that costs money, and all that its answer may mean.

It takes Medusa several steps: the order, the cart's ``completed_at``, the stock, then the payment,
and when one fails the ones before it are undone. Whoever completes a cart that is an order already
gets that order, paid or not.
"""

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    InsufficientStock,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from surestock.commerce.port import PlacedOrder
from surestock.commerce.providers.medusa.catalog import Catalog
from surestock.commerce.providers.medusa.order import placed_order
from surestock.commerce.providers.medusa.refusal import (
    UNPAID,
    declined,
    fault_of,
    is_too_few,
    refusal,
)
from surestock.commerce.providers.medusa.shapes import Cart, Completed
from surestock.commerce.providers.medusa.store import Store
from surestock.commerce.reply import Reply

_REFUSED = 400
_CLASH = 409
_SERVER_FAULT = 500


class Completion:
    """Completes carts."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    async def complete(self, cart: Cart) -> PlacedOrder:
        """Return the order that the cart becomes, or is already."""
        reply = await self._store.complete(cart.id)
        try:
            outcome = _order_of(reply) if reply.is_success else await self._why_not(cart, reply)
        except BadAnswer as error:
            raise OutcomeUnknown(str(error)) from error
        if isinstance(outcome, PlacedOrder):
            return outcome
        if not isinstance(outcome, CartExpired | OutcomeUnknown | RateLimited | Unavailable):
            await self._make_sure_it_was_undone(cart)
        raise outcome

    async def _why_not(self, cart: Cart, reply: Reply) -> CommerceError:
        # 409: it is being completed at this moment. 5xx: in any of the steps, undone or not.
        if reply.status == _CLASH or reply.status >= _SERVER_FAULT or reply.status < _REFUSED:
            return OutcomeUnknown("The commerce platform did not tell what became of the order.")
        if reply.status == _REFUSED and is_too_few(fault_of(reply)):
            return await self._shortage(cart)
        error = refusal(reply)
        return OutcomeUnknown(str(error)) if isinstance(error, BadAnswer) else error

    async def _shortage(self, cart: Cart) -> CommerceError:
        """Return which SKU is short: Medusa names its inventory's id, which the Store API hides."""
        try:
            short = await self._catalog.find_shortage(cart.items)
        except CommerceError:
            short = None
        if short is None:
            return Conflict("The commerce platform has too few units of something in the cart.")
        return InsufficientStock(*short)

    async def _make_sure_it_was_undone(self, cart: Cart) -> None:
        """Raise ``OutcomeUnknown`` unless the cart can be seen to be one still.

        A refusal comes after the steps were undone, but to undo them may fail as well.
        """
        try:
            after = await self._store.cart(cart.id)
        except CommerceError as error:
            raise OutcomeUnknown("The commerce platform refused, and was gone then.") from error
        if after.completed_at is not None:
            raise OutcomeUnknown("The commerce platform refused a cart that it has completed.")


def _order_of(reply: Reply) -> PlacedOrder | CommerceError:
    """Read an answer of status 200, which is not yet an order."""
    completed = reply.decode(Completed)
    if completed.type == "order" and completed.order is not None:
        return placed_order(completed.order)
    if completed.error is not None and completed.error.type in UNPAID:
        return declined()
    return OutcomeUnknown("The commerce platform made no order, and said nothing of why.")
