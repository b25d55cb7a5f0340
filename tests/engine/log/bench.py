"""A log engine to try things on: short commands for it, and a disk that can be held up."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from surestock.engine.log import LogConfig, LogEngine, LogObserver
from surestock.idempotency import fingerprint_of, make_key
from surestock.inventory.commands import AdjustStock, CountStock, ReserveStock
from surestock.journal.append import AppendConfig
from surestock.kit import failpoints
from surestock.kit.clock import Clock, SystemClock
from surestock.kit.ids import IdSource
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope
from surestock.resilience.breaker import BreakerConfig

_HELD_AT_MOST_S = 60.0


class Disk:
    """Holds the journal's next fdatasync up until it is let go: with it, every later one."""

    def __init__(self) -> None:
        self._gate = threading.Event()
        self._gate.set()

    def hold(self) -> None:
        """Let the next sync wait."""
        self._gate.clear()
        failpoints.arm("journal.fdatasync", self._wait)

    def _wait(self) -> None:
        # Bounded, so that a test which fails while the disk is held can still close its engine.
        self._gate.wait(_HELD_AT_MOST_S)

    def let_go(self) -> None:
        """Let what waits go on."""
        failpoints.disarm_all()
        self._gate.set()


@asynccontextmanager
async def engine_on(
    directory: Path,
    clock: Clock | None = None,
    observer: LogObserver | None = None,
    join_timeout_s: float = 5.0,
    max_pending: int = 10_000,
    breaker: BreakerConfig = BreakerConfig(),  # noqa: B008 - it is frozen
) -> AsyncIterator[LogEngine]:
    """A started log engine on ``directory``, closed at the end. Nobody keeps it healthy."""
    config = LogConfig(
        directory,
        AppendConfig(retry_times=1, retry_base_s=0.0),
        idempotency_ttl=timedelta(hours=1),
        join_timeout_s=join_timeout_s,
        max_pending=max_pending,
        breaker=breaker,
    )
    engine = LogEngine(config, clock or SystemClock(), IdSource(), observer)
    await engine.start()
    try:
        yield engine
    finally:
        failpoints.disarm_all()
        await engine.close()


def sent(command: Command, key: str | None = None) -> Envelope:
    """``command`` in an envelope, with an idempotency key if one is given."""
    if key is None:
        return Envelope(command, "tests", "request-1")
    bound = make_key("tests", "POST", "/", key, fingerprint_of(command))
    return Envelope(command, "tests", "request-1", bound)


def count(on_hand: int, sku: str = "apple") -> CountStock:
    """Count one SKU of the only store."""
    return CountStock("s1", sku, on_hand)


def adjust(delta: int, sku: str = "apple", expected_version: int | None = None) -> AdjustStock:
    """Adjust one SKU of the only store."""
    return AdjustStock("s1", sku, delta, expected_version)


def reserve(qty: int, sku: str = "apple", ttl_s: int | None = None) -> ReserveStock:
    """Reserve one SKU of the only store."""
    return ReserveStock("s1", sku, qty, ttl_s=ttl_s)
