"""Every engine there is, opened the same way: what the contract suite runs against."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias, cast

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.log.turn import UpkeepRunning
from surestock.engine.log.upkeep import UpkeepConfig, upkeep
from surestock.engine.memory import MemoryEngine
from surestock.journal.append import AppendConfig
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine, Envelope, Outcome
from tests.engine.members import Member, Several
from tests.engine.on_postgres import open_on

IDEMPOTENCY_TTL = timedelta(hours=24)
REFUSALS = 50
"""How many refusals an engine remembers here: few, so that a test can go over it."""

Open: TypeAlias = Callable[[Path, Clock], Engine]


def open_memory(_directory: Path, clock: Clock) -> Engine:
    """Make the engine that keeps everything in memory."""
    return MemoryEngine(clock, IdSource(), IDEMPOTENCY_TTL, REFUSALS)


def open_log(directory: Path, clock: Clock) -> Engine:
    """Make the embedded engine on an event log in ``directory``."""
    config = LogConfig(directory, idempotency_ttl=IDEMPOTENCY_TTL, max_refusals=REFUSALS)
    return LogEngine(config, clock, IdSource())


class KeptUp(LogEngine):
    """The embedded engine with segments of two records, and its upkeep after every command.

    So almost nothing is left in memory: keys and ended reservations are found through indexes,
    records in compressed segments, and each start begins with a snapshot.
    """

    def __init__(self, directory: Path, clock: Clock) -> None:
        log = LogConfig(
            directory / "event-log",
            AppendConfig(segment_records=2),
            IDEMPOTENCY_TTL,
            max_refusals=REFUSALS,
        )
        super().__init__(log, clock, IdSource())
        self._upkeep = UpkeepConfig(log, snapshot_every=3)

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command, then do what is due."""
        outcome = await super().transact(envelope)
        with suppress(UpkeepRunning):
            await asyncio.to_thread(upkeep, self._upkeep, self._clock.now())
        await self.refresh()
        return outcome


def open_shared(directory: Path, clock: Clock) -> Engine:
    """Make the embedded engine on a log that others could share."""
    config = LogConfig(directory, idempotency_ttl=IDEMPOTENCY_TTL, max_refusals=REFUSALS)
    return Member(config, clock)


def open_several(directory: Path, clock: Clock) -> Engine:
    """Make three embedded engines on one log of short segments, each used in its turn."""
    config = LogConfig(
        directory, AppendConfig(segment_records=3), IDEMPOTENCY_TTL, max_refusals=REFUSALS
    )
    return cast("Engine", Several(config, clock))


ENGINES: dict[str, Open] = {
    "memory": open_memory,
    "log": open_log,
    "log kept up": KeptUp,
    "shared log": open_shared,
    "three on a log": open_several,
    "postgres 15": open_on("15", IDEMPOTENCY_TTL, REFUSALS),
    "postgres 18": open_on("18", IDEMPOTENCY_TTL, REFUSALS),
}

AT_ONCE = {"memory", "log", "log kept up"}
"""Those that decide as soon as they are asked: the others wait for their turn at the log first."""
