"""Every engine there is, opened the same way: what the contract suite runs against."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.memory import MemoryEngine
from surestock.inventory.port import Engine
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource

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


ENGINES: dict[str, Open] = {"memory": open_memory, "log": open_log}
