"""What an API process needs to share its data directory with others: ``LOCKS_ENABLED=true``."""

import os
from functools import partial
from uuid import uuid4

from surestock.engine.log import LogConfig, LogObserver
from surestock.engine.log.shared import SharedLogEngine
from surestock.kit.clock import Clock
from surestock.kit.files import make_directory
from surestock.kit.ids import IdSource
from surestock.locking import ByteLocks, LeaseConfig, Leases
from surestock.resilience.breaker import BreakerState
from surestock.runtime.data_directory import metrics_folder
from surestock.runtime.errors import StartRefused
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.log_config import breaker_config
from surestock.runtime.settings import Settings
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.shared_metrics import SharedMetrics

_TURNS = "turns"


def make_shared_engine(
    config: LogConfig,
    settings: Settings,
    clock: Clock,
    observer: LogObserver,
    metrics: Metrics,
    log: Log,
    seat: Seat | None,
) -> SharedLogEngine:
    """Return an engine on a log that other processes write as well, with leases of its own."""
    leases = LeaseConfig(
        settings.lock_dir or settings.data_dir / "locks",
        owner_name(settings, seat),
        settings.lock_ttl_ms / 1000,
        settings.lock_renew_ms / 1000,
        breaker_config(settings),
    )
    return SharedLogEngine(
        config,
        clock,
        IdSource(),
        Leases(leases, clock, metrics.locks, log, told=partial(_note_breaker, metrics)),
        metrics.locks,
        observer,
        max(1, -(-settings.lock_retry_after_ms // 1000)),
    )


def make_user_locks(config: LogConfig) -> ByteLocks:
    """Return the locks that tell processes apart in what they do for a user.

    Raises :class:`StartRefused` when they cannot be made.
    """
    try:
        make_directory(config.directory)
        return ByteLocks(config.directory / _TURNS)
    except OSError as error:
        raise StartRefused(
            f"DATA_DIR={config.directory.parent} cannot be shared: {error.strerror or error}."
        ) from error


def make_shared_metrics(
    settings: Settings, seat: Seat, exposition: Exposition, clock: Clock, log: Log
) -> SharedMetrics:
    """Return the figures of all processes that have the parent of this one."""
    folder = metrics_folder(settings.data_dir, seat.port)
    return SharedMetrics(folder, seat.slot, exposition, clock, log)


def _note_breaker(metrics: Metrics, state: BreakerState, openings: int) -> None:
    metrics.breaker_states["locks"] = state
    metrics.breaker_openings["locks"] = openings


def owner_name(settings: Settings, seat: Seat | None) -> str:
    """Return a name that no other process has."""
    if settings.lock_owner_id is None:
        return f"{os.getpid()}-{uuid4()}"
    return settings.lock_owner_id if seat is None else f"{settings.lock_owner_id}-{seat.slot}"
