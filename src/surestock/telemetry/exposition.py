"""The two forms of ``/metrics``: Prometheus's text, and a few counters as JSON."""

from collections.abc import Callable, Iterator
from typing import Protocol

import anyio.to_thread
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from surestock.telemetry.family.central import SyncFigures, central_families
from surestock.telemetry.family.commerce import commerce_families
from surestock.telemetry.family.database import database_families
from surestock.telemetry.family.durability import durability_families
from surestock.telemetry.family.json_counters import counters_of
from surestock.telemetry.family.locks import lock_families
from surestock.telemetry.family.process import process_families
from surestock.telemetry.family.protection import protection_families
from surestock.telemetry.family.traffic import traffic_families
from surestock.telemetry.metrics import Metrics

TEXT_TYPE = CONTENT_TYPE_LATEST


class Figures(Protocol):
    """What ``/metrics`` answers with: the numbers of this process, or of all that serve with it."""

    async def text(self) -> bytes:
        """Return everything in Prometheus's text form."""
        ...

    async def counters(self) -> dict[str, int]:
        """Return the contract's JSON counters."""
        ...


class Exposition(Collector):
    """Shows the numbers of a :class:`Metrics`, and what ``sync`` tells of the central view."""

    def __init__(self, metrics: Metrics, sync: Callable[[], SyncFigures]) -> None:
        self._metrics = metrics
        self._sync = sync
        self._service = CollectorRegistry(auto_describe=False)
        self._service.register(self)
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    async def text(self) -> bytes:
        """Return everything in Prometheus's text form.

        The process is looked at through files, so a thread does that.
        """
        own = generate_latest(self._service)
        return own + await anyio.to_thread.run_sync(generate_latest, self._process)

    async def counters(self) -> dict[str, int]:
        """Return the contract's JSON counters."""
        return counters_of(self.collect())

    async def families(self) -> list[Metric]:
        """Return everything that :meth:`text` shows, before it is text."""
        own = list(self.collect())
        return own + await anyio.to_thread.run_sync(lambda: list(self._process.collect()))

    def _look(self) -> SyncFigures:
        """Ask how the central view is kept; the breaker on its keeper is counted there."""
        sync = self._sync()
        self._metrics.breaker_states["worker"] = sync.breaker
        self._metrics.breaker_openings["worker"] = sync.breaker_openings
        return sync

    def collect(self) -> Iterator[Metric]:
        """Yield every family of the service. Called by prometheus-client."""
        sync = self._look()
        yield from traffic_families(self._metrics)
        yield from durability_families(self._metrics)
        yield from protection_families(self._metrics)
        yield from central_families(sync)
        yield from commerce_families(self._metrics.commerce)
        yield from lock_families(self._metrics.locks)
        yield from database_families(self._metrics.database)
        yield from process_families(self._metrics)
