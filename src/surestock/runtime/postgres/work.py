"""The worker of a database: it folds records into the central view, beside any number of others."""

import asyncio
from collections.abc import Callable

import anyio

from surestock.database import ready_database
from surestock.kit.clock import Clock
from surestock.runtime.postgres.config import WORKER, database_config
from surestock.runtime.postgres.opening import refused_without_database
from surestock.runtime.settings import Settings
from surestock.sync.outbox import OutboxWorker
from surestock.telemetry.log import Log


async def keep_in_database(
    settings: Settings, ending: asyncio.Event, clock: Clock, log: Log
) -> None:
    """Work until ``ending`` is set, and once more then.

    Raises :class:`StartRefused` when the database cannot be used at the start; later, it is waited
    for.
    """
    database = database_config(settings, WORKER)
    with refused_without_database():
        async with ready_database(database):
            pass
    worker = OutboxWorker(database, clock, log, settings.sync_interval_ms / 1000)
    log.info("the sync worker is at work")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_when, ending, worker.end)
        await worker.run()
        tasks.cancel_scope.cancel()


async def _when(event: asyncio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()
