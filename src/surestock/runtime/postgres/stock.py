"""The engine on PostgreSQL with what belongs to it: its central view, and turns over machines."""

import socket
from functools import partial

import anyio

from surestock.engine.postgres import PostgresEngine
from surestock.inventory.central import SyncStatus
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.mirror.across.database import DatabaseTurns
from surestock.runtime.central_side import CentralSide
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.log_config import breaker_config
from surestock.runtime.postgres.config import API, TURNS, database_config, postgres_config
from surestock.runtime.postgres.opening import refused_without_database
from surestock.runtime.postgres.telemetry import DatabaseTelemetry
from surestock.runtime.settings import Settings
from surestock.runtime.sharing import owner_name
from surestock.runtime.stock import Stock
from surestock.runtime.worker_child import WorkerChild
from surestock.sync.outbox import PostgresCentral
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics


def make_postgres_stock(
    settings: Settings,
    clock: Clock,
    metrics: Metrics,
    log: Log,
    child: WorkerChild | None,
    seat: Seat | None,
) -> Stock:
    """Return what keeps the stock in the database of ``settings``. ``child`` is its worker."""
    telemetry = DatabaseTelemetry(metrics, log)
    engine = PostgresEngine(postgres_config(settings), clock, IdSource(), telemetry)
    central = PostgresCentral(
        database_config(settings, API),
        clock,
        log,
        breaker=breaker_config(settings),
        went_back=engine.went_back,
    )
    holder = f"{socket.gethostname()} {owner_name(settings, seat)}"
    turns = DatabaseTurns(database_config(settings, TURNS), holder, log)
    return Stock(
        engine,
        partial(_start, engine, turns),
        central,
        CentralSide(log, _View(central), child),
        engine.failed,
        turns,
        beside=(turns.run,),
    )


async def _start(engine: PostgresEngine, turns: DatabaseTurns) -> None:
    with refused_without_database():
        await engine.start()
        await turns.open()
        await engine.check()  # a move that began meanwhile sees the turns' session, or is seen here


class _View:
    """The view as something that is run and ended: its connections end with the run."""

    def __init__(self, central: PostgresCentral) -> None:
        self._central = central
        self.caught_up = central.caught_up

    async def run(self) -> None:
        try:
            await self._central.run()
        finally:
            with anyio.CancelScope(shield=True):
                await self._central.close()

    def status(self) -> SyncStatus:
        return self._central.status()
