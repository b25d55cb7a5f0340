"""The bulkhead of those who ask the worker: however many they are, changes and reads go on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surestock.inventory.unavailable import Overloaded
from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth
from surestock.telemetry.metrics import Metrics

_WAITING_A_PLACE = 8


class CentralPlaces:
    """So many requests may ask the worker at once, and eight times as many wait."""

    def __init__(self, places: int, metrics: Metrics) -> None:
        self._bulkhead = Bulkhead(places, _WAITING_A_PLACE * places)
        self._metrics = metrics

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place. Raises :class:`Overloaded`."""
        try:
            await self._bulkhead.enter(Worth.LAST)
        except BulkheadFull:
            self._metrics.shed["central"] = self._metrics.shed.get("central", 0) + 1
            raise Overloaded("Too many requests ask the sync worker. Try again later.") from None
        try:
            yield
        finally:
            self._bulkhead.leave()
