"""The one place that wires: settings to an engine, an application and their instruments."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile

from msgspec import Struct

from surestock.api import Service, build_app
from surestock.api.app import Surestock
from surestock.api.feed.feed import EventFeed
from surestock.engine.log import LogConfig, LogEngine, LogObserver
from surestock.engine.memory import MemoryEngine
from surestock.inventory.central import Central
from surestock.inventory.port import Engine
from surestock.journal.append import AppendConfig
from surestock.kit.clock import Clock, SystemClock
from surestock.kit.files import make_directory
from surestock.kit.ids import IdSource
from surestock.runtime.errors import StartRefused
from surestock.runtime.no_worker import NoWorker
from surestock.runtime.settings import Settings
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.log import Log, make_log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.request_line import RequestLine
from surestock.telemetry.sink import LineSink

_LOG_DIRECTORY = "event-log"
_STDOUT = 1


class Wired(Struct, frozen=True):
    """What the process runs. ``failed`` waits until the engine must not go on, and tells why."""

    app: Surestock
    engine: Engine
    failed: Callable[[], Awaitable[BaseException]]
    metrics: Metrics
    log: Log
    sink: LineSink


def wire(settings: Settings, clock: Clock | None = None) -> Wired:
    """Build everything that ``settings`` ask for. Nothing is started yet.

    Raises :class:`StartRefused` when the data directory cannot be used.
    """
    clock = clock or SystemClock()
    metrics = Metrics()
    sink = LineSink(_STDOUT)
    log = make_log(sink.append, clock, settings.log_level)
    engine, central, failed = _engine(settings, clock, EngineTelemetry(metrics, log))
    service = Service(
        engine,
        central,
        EventFeed(engine, clock, metrics),
        metrics,
        Exposition(metrics, central.status),
        log,
        RequestLine(sink.append, clock, wanted=settings.log_level in {"debug", "info"}),
        clock,
        IdSource(),
    )
    return Wired(build_app(service), engine, failed, metrics, log, sink)


def _engine(
    settings: Settings, clock: Clock, observer: LogObserver
) -> tuple[Engine, Central, Callable[[], Awaitable[BaseException]]]:
    ttl = timedelta(milliseconds=settings.idemp_ttl_ms)
    if settings.engine == "memory":
        memory = MemoryEngine(clock, IdSource(), ttl)
        return memory, memory.central, _never
    _check_writable(settings.data_dir)
    config = LogConfig(
        settings.data_dir / _LOG_DIRECTORY,
        AppendConfig(settings.segment_bytes, settings.retry_times, settings.retry_base_ms / 1000),
        ttl,
        settings.load_shed_queue_max,
    )
    engine = LogEngine(config, clock, IdSource(), observer)
    return engine, NoWorker(), engine.failed


async def _never() -> BaseException:
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")


def _check_writable(data_dir: Path) -> None:
    """Make the data directory, and a file in it. Raises :class:`StartRefused` when that fails."""
    try:
        make_directory(data_dir)
        with TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StartRefused(
            f"DATA_DIR={data_dir} cannot be written: {error.strerror or error}."
        ) from error


class EngineTelemetry(LogObserver):
    """What the log engine reports, as metrics and log lines."""

    def __init__(self, metrics: Metrics, log: Log) -> None:
        self._metrics = metrics
        self._log = log

    def committed(self, records: int, seconds: float) -> None:
        """Count a group commit."""
        self._metrics.commit_records.observe(records)
        self._metrics.commit_s.observe(seconds)

    def retried(self) -> None:
        """Count a retried write. The writer's thread is the only one that does."""
        self._metrics.fs_retries += 1

    def failed(self, records: int) -> None:
        """Count commands that could not be written."""
        self._metrics.failed_commands += records
        self._log.error("commands could not be written to the log", commands=records)

    def torn(self, aside: Path, why: str) -> None:
        """Tell where a torn tail was put."""
        self._metrics.torn_tails += 1
        self._log.warning("a torn tail was cut off the log", aside=str(aside), why=why)

    def recovered(self, sequence: int, seconds: float) -> None:
        """Tell how long recovery took."""
        self._metrics.recovery_s = seconds
        self._log.info("recovered", sequence=sequence, seconds=round(seconds, 3))
