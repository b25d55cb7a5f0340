"""Every metric of the service, on one page.

The numbers are plain attributes of one object: the event loop alone counts most of them, so an
increment needs no lock. ``exposition`` turns them into Prometheus's form when somebody asks. No
label ever holds a SKU, a store or a user.
"""

from collections.abc import Callable

from surestock.telemetry.commerce import CommerceMetrics
from surestock.telemetry.database import DatabaseMetrics
from surestock.telemetry.histogram import Histogram
from surestock.telemetry.locks import LockMetrics

_LATENCY_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_FSYNC_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5)
_BATCH = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)

_BREAKERS = {"postgres": ("database", "worker", "commerce")}
_BREAKERS_OF_FILES = ("journal", "worker", "commerce", "locks")
BREAKER_STATES = ("closed", "open", "half_open")
WORTHS = ("routine", "sale", "last", "central", "platform")
"""What a request that is shed may be worth; those who ask the
worker, or wait for the commerce platform, are shed apart."""


class RouteStats:
    """What was answered on one route: answers by status, and how long they took.

    ``template`` is the route's path, with the names of its parameters.
    """

    __slots__ = ("by_status", "latency_s", "template")

    def __init__(self, template: str) -> None:
        self.template = template
        self.by_status: dict[int, int] = {}
        self.latency_s = Histogram(*_LATENCY_S)

    def count(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.by_status[status] = self.by_status.get(status, 0) + 1
        self.latency_s.observe(seconds)


class Metrics:
    """The counters of one process, whose engine is of the kind ``engine``.

    Every label that is known beforehand is there from the start, so that a rate sees its first
    increment.
    """

    def __init__(self, engine: str = "memory") -> None:
        self.engine = engine
        self.routes: dict[tuple[str, str], RouteStats] = {}
        self.batch_rows: dict[int, int] = {}
        self.idempotent_hits = 0
        self.fs_retries = 0
        self.failed_commands = 0
        self.expired_levels = 0
        self.torn_tails = 0
        self.recovery_s = 0.0
        self.event_readers = 0
        self.slow_readers = 0
        self.rate_limited = 0
        """Requests that were throttled: 429."""
        self.shed = dict.fromkeys(WORTHS, 0)
        """Requests that were shed, by what they were worth: 503."""
        self.connections = 0
        self.connections_ended: dict[str, int] = {}
        """Connections that the guard ended, by why. The guard names every reason beforehand."""
        self.breakers = _BREAKERS.get(engine, _BREAKERS_OF_FILES)
        """What a breaker may be called: first the one on where the engine keeps everything."""
        self.breaker_states = dict.fromkeys(self.breakers, "closed")
        self.breaker_openings = dict.fromkeys(self.breakers, 0)
        self.access_keys_stale: Callable[[], bool] = lambda: False
        """Asked when somebody looks: whether the file of keys could not be read again, so that
        older ones are in force."""
        self.commerce = CommerceMetrics()
        """Calls to the commerce platform, carts and checkouts."""
        self.locks = LockMetrics()
        """Leases between processes, and turns at the log."""
        self.database = DatabaseMetrics()
        """Connections to the database, and what had to be tried again there."""
        self.defects = 0
        """Requests that failed by a defect of the service, streams that had begun included."""
        self.ready: Callable[[], bool] = lambda: True
        """Asked when somebody looks: whether readiness says so."""
        self.queue_depth: Callable[[], int] = lambda: 0
        """Asked when somebody looks: commands that wait, or are decided and not durable."""
        self.lines_dropped: Callable[[], int] = lambda: 0
        """Asked when somebody looks: lines of log that were dropped since the start."""
        self.fsync_s = Histogram(*_FSYNC_S)
        self.loop_lag_s = Histogram(*_LATENCY_S)
        self.commit_s = Histogram(*_FSYNC_S)
        self.commit_records = Histogram(*_BATCH)

    def route(self, method: str, template: str) -> RouteStats:
        """Return the numbers of one route; ``template`` names parameters, never their values."""
        stats = self.routes.get((method, template))
        if stats is None:
            stats = self.routes[method, template] = RouteStats(template)
        return stats

    def count_row(self, status: int) -> None:
        """Count the answer to one row of a batch."""
        self.batch_rows[status] = self.batch_rows.get(status, 0) + 1
