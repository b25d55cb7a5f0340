"""From a cart to an order: the port to what sees to it."""

from typing import Protocol

from surestock.checkout.ask import CheckoutAsk, CheckoutEnd, PersonsWord


class Checkouts(Protocol):
    """Makes at most one order of a cart."""

    async def checkout(self, ask: CheckoutAsk) -> CheckoutEnd:
        """Buy what is in the cart; return how that ended, or that it has not yet.

        Raises ``CheckoutFailed``, ``ProviderUnavailable`` or a refusal of the cart or the stock.
        """
        ...

    async def resolve(self, word: PersonsWord) -> CheckoutEnd:
        """End a checkout as a person found out that it ended: with ``order``, or without one."""
        ...
