"""The engines behind the application: those of the contract suite, each with its central view.

Any test that takes an application from a fixture runs on each of them, unless its module says
``ABOUT_HTTP = True``: what it tells is decided before an engine is asked.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.memory import MemoryEngine
from surestock.engine.memory.central import MemoryCentral
from surestock.inventory.central import Central, CentralPage, CentralStock, Synced
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.sync.outbox import Patience, PostgresCentral
from surestock.telemetry.log import make_log
from tests.engine.on_postgres import Kept

IN_MEMORY = "memory"
_QUICK = [IN_MEMORY, "postgres 18"]
_LONG = ["log", "postgres 15"]
_TTL = timedelta(hours=24)
_REFUSALS = 10_000
# Longer than a busy machine stands still; a question about a sequence to come waits for all of it.
_PATIENCE = Patience(sync_s=60.0, answer_s=8.0, decide_s=60.0)


def engine_names(module: object) -> list[object]:
    """Return the engines that tests of a module run on, as parameters; the long proofs marked."""
    if getattr(module, "ABOUT_HTTP", False):
        return [IN_MEMORY]
    return [*_QUICK, *(pytest.param(name, marks=pytest.mark.prove) for name in _LONG)]


def in_memory(clock: ManualClock) -> MemoryEngine:
    """Make an engine in memory. Its ids begin with ``bootboot``, as those of all engines here."""
    return MemoryEngine(clock, IdSource("bootboot"), _TTL)


@asynccontextmanager
async def open_engine(
    name: str, directory: Path, clock: ManualClock
) -> AsyncIterator[tuple[Engine, Central]]:
    """Have a started engine without any data, and its central view, which is never behind."""
    if name == IN_MEMORY:
        engine = in_memory(clock)
        yield engine, engine.central
    elif name == "log":
        ids = IdSource("bootboot")
        log = LogEngine(LogConfig(directory, idempotency_ttl=_TTL), clock, ids)
        await log.start()
        yield log, FoldedAtOnce(log)
        await log.close()
    else:
        version = name.removeprefix("postgres ")
        kept = Kept(version, directory, clock, _TTL, _REFUSALS, IdSource("bootboot"))
        await kept.start()
        log_nowhere = make_log(lambda _: None, clock, "info")
        central = Prompt(kept.database, clock, log_nowhere, _PATIENCE)
        yield kept, central
        await central.close()
        await kept.close()


class FoldedAtOnce(MemoryCentral):
    """Folds what an engine has recorded when it is asked: no worker stands beside the log here."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    async def sync(self) -> Synced:
        """Fold all there is."""
        for record in await self._engine.records(self._sequence, 10_000):
            self.fold(record.sequence, record.levels)
        return await super().sync()

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU from a view that is up to date."""
        await self.sync()
        return await super().find(sku, min_sequence)

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return a page of a view that is up to date."""
        await self.sync()
        return await super().page(after, limit)


class Prompt(PostgresCentral):
    """The view in the database, which is folded when it is asked, instead of by a worker."""

    async def find(self, sku: str, min_sequence: int) -> tuple[CentralStock | None, int]:
        """Return the SKU from a view that is up to date."""
        await self.sync()
        return await super().find(sku, min_sequence)

    async def page(self, after: str, limit: int) -> CentralPage:
        """Return a page of a view that is up to date."""
        await self.sync()
        return await super().page(after, limit)
