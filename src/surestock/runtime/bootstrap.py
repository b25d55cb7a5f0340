"""The one place that wires: settings to an engine, an application and their instruments."""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from surestock.access.watch import WatchedKeys
from surestock.api import Service, build_app
from surestock.api.admission import Admission
from surestock.api.app import Surestock
from surestock.api.central_places import CentralPlaces
from surestock.api.feed.feed import EventFeed
from surestock.api.platform_places import PlatformPlaces
from surestock.api.readiness import unready
from surestock.kit.clock import Clock, SystemClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.runtime.central_side import CentralSide
from surestock.runtime.commerce import make_commerce
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.front import make_admission, make_keys, tell_access
from surestock.runtime.settings import Settings
from surestock.runtime.sharing import make_shared_metrics
from surestock.runtime.stock import Background, Stock
from surestock.runtime.stocks import make_stock
from surestock.runtime.worker_child import WorkerChild
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.log import Log, make_log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.request_line import RequestLine
from surestock.telemetry.sink import LineSink
from surestock.telemetry.spans import Spans
from surestock.telemetry.tracing import make_spans

_STDOUT = 1


class Wired(Struct, frozen=True):
    """What the process runs. ``start`` starts the engine, or raises :class:`StartRefused`.

    ``failed`` waits until the engine must not go on, and tells why.
    ``background`` runs for as long as it serves, and ends with it; ``beside`` until the last answer
    has left. Once it is told to end, it has ``shutdown_s`` seconds.
    """

    app: Surestock
    engine: Engine
    start: Callable[[], Awaitable[None]]
    side: CentralSide
    failed: Callable[[], Awaitable[BaseException]]
    metrics: Metrics
    log: Log
    sink: LineSink
    admission: Admission
    clock: Clock
    shutdown_s: float
    background: tuple[Background, ...] = ()
    beside: tuple[Background, ...] = ()
    spans: Spans | None = None


def wire(
    settings: Settings,
    clock: Clock | None = None,
    *,
    with_worker: bool = False,
    seat: Seat | None = None,
) -> Wired:
    """Build everything that ``settings`` ask for. Nothing is started yet.

    ``with_worker`` adds a sync worker as a child process, if the engine leaves one something to do.
    ``seat`` is this process's place among several that have one parent.
    Raises :class:`StartRefused` when the data directory cannot be used.
    """
    clock = clock or SystemClock()
    metrics = Metrics(settings.engine)
    sink, log = _make_log(settings, clock, seat)
    child = WorkerChild(sink.append, clock, log) if with_worker else None
    stock = make_stock(settings, clock, metrics, log, child, seat)
    admission = make_admission(settings, clock, metrics)
    keys = make_keys(settings, log)
    tell_access(keys, log)
    commerce = make_commerce(settings, stock.engine, clock, log, metrics, stock.across)
    _watch(metrics, stock, admission, keys, sink)
    spans = make_spans(settings.otel_exporter_otlp_endpoint, clock, log)
    exposition = Exposition(metrics, stock.central.status)
    shared = None if seat is None else make_shared_metrics(settings, seat, exposition, clock, log)
    others = (it.run for it in (keys, shared) if it is not None)
    service = Service(
        stock.engine,
        stock.central,
        EventFeed(stock.engine, clock, metrics),
        metrics,
        shared or exposition,
        log,
        RequestLine(sink.append, clock, wanted=settings.log_level in {"debug", "info"}),
        clock,
        IdSource(),
        admission,
        CentralPlaces(settings.concurrency_sync, metrics),
        PlatformPlaces(metrics),
        commerce.mirrors,
        commerce.checkouts,
        keys,
        spans,
        cart_store_id=settings.cart_store_id,
        lock_reject_status=settings.lock_reject_status,
    )
    metrics.ready = lambda: not unready(service)
    return Wired(
        build_app(service),
        stock.engine,
        stock.start,
        stock.side,
        stock.failed,
        metrics,
        log,
        sink,
        admission,
        clock,
        settings.shutdown_timeout_ms / 1000,
        (stock.engine.keep_healthy, commerce.run, *others),
        stock.beside,
        spans,
    )


def _make_log(settings: Settings, clock: Clock, seat: Seat | None) -> tuple[LineSink, Log]:
    """Return where lines of log go, and who writes them; one of several tells its slot."""
    sink = LineSink(_STDOUT, shared=seat is not None)
    log = make_log(sink.append, clock, settings.log_level)
    return sink, log if seat is None else log.bind(slot=seat.slot)


def _watch(
    metrics: Metrics, stock: Stock, admission: Admission, keys: WatchedKeys | None, sink: LineSink
) -> None:
    """Let the metrics ask for what nobody counts."""
    metrics.queue_depth = lambda: stock.engine.status().queue_depth + admission.waiting
    metrics.lines_dropped = lambda: sink.lost
    if keys is not None:
        metrics.access_keys_stale = lambda: keys.stale
