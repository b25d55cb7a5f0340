"""What a check needs of a platform: things to sell, and the means to make it misbehave."""

from typing import Protocol

from surestock.cart.model import ExternalContext
from surestock.commerce.port import CommerceProvider, OrderRequest, WantedItem


class Lab(Protocol):
    """A platform to try a provider on. Plain attributes do for its properties."""

    @property
    def provider(self) -> CommerceProvider:
        """The provider, as it is: without the guard."""
        ...

    @property
    def currency(self) -> str:
        """What the articles are priced in."""
        ...

    @property
    def articles(self) -> tuple[WantedItem, ...]:
        """Three or more, of quantity 1, at the platform's prices, with 100 in stock or more."""
        ...

    def restarted(self) -> CommerceProvider:
        """Return a provider for the same platform that remembers nothing of the other one."""
        ...

    def request(self, attempt_id: str, subtotal: int) -> OrderRequest:
        """Return an order request that is paid without trouble."""
        ...

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest | None:
        """Return one whose payment is refused; None when the platform takes no payments."""
        ...

    def total(self, subtotal: int) -> int | None:
        """Return what an order of that subtotal comes to, with what the platform adds to it.

        None when that is not known beforehand.
        """
        ...

    async def expire(self, context: ExternalContext) -> None:
        """Make the platform forget the cart."""
        ...

    async def scarce(self) -> tuple[WantedItem, int] | None:
        """Return an article and how many of it there are, 2 to 20; None: it keeps no stock."""
        ...

    async def lose_next_answer(self) -> None:
        """Let the platform accept the next order that is placed, and its answer get lost."""
        ...

    async def settle(self) -> None:
        """Return when the platform is done with what it was asked so far."""
        ...

    async def count_orders(self, attempt_id: str) -> int:
        """Return how many orders of an attempt the platform has, asked otherwise than the provider.

        Only those count that somebody has to pay or to deliver.
        """
        ...
