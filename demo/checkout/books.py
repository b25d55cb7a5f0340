"""The four books of the day, and what was written into each."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from demo.oracle import Level

Units = Counter[str]
"""Units by SKU."""

End = Literal["shopping", "bought", "sold out", "declined", "unsure", "refused"]
"""How it ended for a buyer, as far as he was told. ``unsure``: he left before anybody knew."""


@dataclass(slots=True)
class Receipt:
    """A buyer's own book: what his cart held, and the numbers of the orders that he was told of."""

    user: str
    holds: Units = field(default_factory=Counter)
    orders: set[str] = field(default_factory=set)
    end: End = "shopping"


class Story(NamedTuple):
    """One attempt to place an order, as the service's feed tells it. Order numbers may be many."""

    attempt: str
    user: str
    orders: tuple[str, ...]


class PaidOrder(NamedTuple):
    """An order at the platform. ``payments`` counts those that took money, ``units`` what was sold.

    ``attempt`` is the id that it was placed with.
    """

    number: str
    attempt: str
    user: str
    payments: int
    units: Units


class Books(NamedTuple):
    """All of them. ``states`` is the service's last word on each user's checkout.

    ``opening`` are the units of each SKU that has stock; ``levels`` what the service has of them.
    """

    receipts: Mapping[str, Receipt]
    stories: Mapping[str, Story]
    states: Mapping[str, str]
    orders: tuple[PaidOrder, ...]
    opening: Units
    levels: Mapping[str, Level]

    def bought(self) -> Iterator[Story]:
        """Yield the attempts that the service calls completed."""
        return (story for story in self.stories.values() if story.orders)

    def sold(self) -> int:
        """Return the units that left the shelf."""
        return sum(units - self.levels[sku].on_hand for sku, units in self.opening.items())
