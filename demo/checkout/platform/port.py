"""What the demo needs of a platform: how to reach it, how to pay, and its own book."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from demo.checkout.books import PaidOrder, Receipt, Story
from demo.checkout.cards import Cards


class Platform(Protocol):
    """A platform that is there. ``name`` is what COMMERCE_PROVIDER says.

    ``counted`` tells in a sentence where the orders come from; ``cards`` are how to pay.
    """

    name: str
    counted: str
    cards: Cards

    def wired(self) -> AbstractAsyncContextManager[bytes]:
        """Lose answers while the context lasts; it gives what COMMERCE_CONFIG_FILE holds."""
        ...

    def mishaps(self) -> Mapping[str, int | None]:
        """Return how many payments had which mishap by now; None where nobody can tell."""
        ...

    def orders(
        self, receipts: Mapping[str, Receipt], stories: Mapping[str, Story]
    ) -> tuple[PaidOrder, ...]:
        """Return the orders that somebody paid for.

        ``receipts`` and ``stories`` are for a platform that keeps no book that can be read.
        """
        ...
