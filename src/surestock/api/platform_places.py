"""The bulkhead of those who wait for the commerce platform, so that changes and reads go on.

A checkout holds a slot of admission only until it is let in. Did it keep the slot while a platform
is silent, for ten seconds and more, as many checkouts as there are slots would stop every change.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from surestock.inventory.unavailable import Overloaded
from surestock.telemetry.metrics import Metrics

PLACES = 2048


class PlatformPlaces:
    """So many requests may wait for the platform at once; nobody queues for a place.

    One that waits costs memory alone: the platform's own bulkhead stands in its guard, and behind a
    platform that is silent there is no turn to wait for.
    """

    def __init__(self, metrics: Metrics, places: int = PLACES) -> None:
        self._free = places
        self._metrics = metrics

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place. Raises :class:`Overloaded`."""
        if not self._free:
            self._metrics.shed["platform"] += 1
            raise Overloaded("Too many requests wait for the commerce platform. Try again later.")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
