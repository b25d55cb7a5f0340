"""Makes the engine that the settings ask for, its central view, and what keeps that up."""

from datetime import timedelta
from functools import partial

from surestock.engine.log import LogEngine
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.mirror.across.file import FileTurns
from surestock.runtime.central_side import CentralSide
from surestock.runtime.data_directory import check_writable, worker_directory
from surestock.runtime.engine_telemetry import EngineTelemetry
from surestock.runtime.errors import StartRefused
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.log_config import breaker_config, log_config
from surestock.runtime.settings import Settings
from surestock.runtime.sharing import make_shared_engine, make_user_locks
from surestock.runtime.stock import Stock, never
from surestock.runtime.worker_child import WorkerChild
from surestock.sync.link import CentralLink
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics


def make_stock(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    log: Log,
    child: WorkerChild | None,
    seat: Seat | None,
) -> Stock:
    """Return what keeps the stock. ``child`` is the sync worker, if this process has one.

    Raises :class:`StartRefused` when the data directory cannot be used, if there is to be one.
    """
    if settings.engine == "memory":
        memory = MemoryEngine(clock, IdSource(), timedelta(milliseconds=settings.idemp_ttl_ms))
        side = CentralSide(log, None, None)
        return Stock(memory, memory.start, memory.central, side, never)
    if settings.engine == "postgres":
        from surestock.runtime.postgres.stock import make_postgres_stock  # noqa: PLC0415

        return make_postgres_stock(settings, clock, metrics, log, child, seat)
    check_writable(settings.data_dir)
    telemetry = EngineTelemetry(metrics, log)
    config = log_config(settings)
    engine = (
        make_shared_engine(config, settings, clock, telemetry, metrics, log, seat)
        if settings.locks_enabled
        else LogEngine(config, clock, IdSource(), telemetry)
    )
    directory = worker_directory(settings.data_dir)
    link = CentralLink(
        directory, engine.frontier, engine.refresh, clock, log, breaker=breaker_config(settings)
    )
    telemetry.on_commit = link.advanced
    across = FileTurns(make_user_locks(config)) if settings.locks_enabled else None
    side = CentralSide(log, link, child)
    return Stock(engine, partial(_open, engine), link, side, engine.failed, across)


async def _open(engine: Engine) -> None:
    try:
        await engine.start()
    except OSError as error:
        raise StartRefused(f"The event log cannot be opened: {error}.") from error
