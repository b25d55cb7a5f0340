"""The platform inside the service: it needs nothing, and dies with the service each time.

Its book cannot be read from outside. So its orders are those that the service has on record, and
the audit proves less: that the service agrees with itself and with what the clients were told.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import orjson

from demo.checkout.books import PaidOrder, Receipt, Story
from demo.checkout.cards import Cards
from demo.checkout.platform.mishap import SETTLES_S, SHARES


class Simulated:
    """Satisfies :class:`demo.checkout.platform.port.Platform`."""

    name = "simulated"
    counted = (
        "The platform is simulated inside the service and ends with it, so its orders are "
        "counted from the service's own record."
    )
    cards = Cards(good={"method": "card"}, bad={"method": "declined"})

    def __init__(self, seed: int) -> None:
        self._seed = seed

    @asynccontextmanager
    async def wired(self) -> AsyncIterator[bytes]:
        """Let it lose answers by itself, and place a second order whenever it is asked to."""
        yield orjson.dumps(
            {
                "latency_ms": 20,
                "doubles": True,
                "loses": SHARES["cut"] + SHARES["slow"],
                "late": SHARES["late"],
                "late_s": 3.0,
                "settles_s": SETTLES_S,
                "seed": self._seed,
            }
        )

    def mishaps(self) -> Mapping[str, int | None]:
        """Nobody outside sees them."""
        return dict.fromkeys(SHARES)

    def orders(
        self, receipts: Mapping[str, Receipt], stories: Mapping[str, Story]
    ) -> tuple[PaidOrder, ...]:
        """Return one for each that was recorded, over what its buyer's cart held."""
        return tuple(
            PaidOrder(number, story.attempt, story.user, 1, +receipts[story.user].holds)
            for story in stories.values()
            for number in story.orders
        )
