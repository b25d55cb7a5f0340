"""One pass of upkeep."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from surestock.engine.log.config import LogConfig
from surestock.engine.log.indexing import KEYS, RESERVATIONS, index_missing
from surestock.engine.log.turn import turn
from surestock.engine.log.upkeep.compaction import compact
from surestock.engine.log.upkeep.snapshotting import drop_old_snapshots, snapshot_if_due
from surestock.journal.segment import all_segments
from surestock.sidecar.drop import drop_before, drop_older
from surestock.sidecar.merge import merge_runs

_RUNS_A_TTL = 8


class UpkeepConfig(Struct, frozen=True):
    """``snapshot_every`` is in records; without ``archive`` covered segments are deleted."""

    log: LogConfig
    snapshot_every: int = 500_000
    archive: bool = True


class Done(Struct, frozen=True):
    """What one pass did. ``snapshot`` is the sequence of the one that was taken, if any."""

    indexed: int
    merged: int
    expired: int
    snapshot: int | None
    compacted: int


def upkeep(
    config: UpkeepConfig,
    now: datetime,
    rest: Callable[[], None] = lambda: None,
    tell: Callable[[str], None] = lambda _: None,
) -> Done:
    """Do whatever is due. ``rest`` is called where the disk should have a pause.

    ``tell`` is told of each longer step, before it or after it.

    Raises ``UpkeepRunning`` when another process is at it, ``OSError`` or a ``SurestockError``
    when a step fails: then the steps before it are done, and the rest is for the next pass.
    """
    log = config.log
    ttl = log.idempotency_ttl
    with turn(log.index):
        # Merging looks at every page and deletes what is damaged, so indexing comes after it.
        merged = _merge(config, ttl)
        indexed = index_missing(log, now - ttl, seen=lambda path: tell(f"indexed {path.name}"))
        expired = drop_older(log.index, KEYS, now - ttl)
        drop_old_snapshots(log)  # also what a death left half written, to have its room
        snapshot = snapshot_if_due(log, config.snapshot_every, rest, tell)
        drop_old_snapshots(log)
        compacted = compact(log, now - ttl, archive=config.archive, tell=tell)
        _drop_what_was_deleted(log)
    return Done(indexed, merged, expired, snapshot, compacted)


def _drop_what_was_deleted(log: LogConfig) -> None:
    segments = all_segments(log.directory, log.archive)
    if segments:
        for suffix in (KEYS, RESERVATIONS):
            drop_before(log.index, suffix, segments[0].first)


def _merge(config: UpkeepConfig, ttl: timedelta) -> int:
    """Merge small indexes: a lookup asks each of them.

    What is to be dropped when it is old must not be merged with what is young.
    """
    longest = ttl / _RUNS_A_TTL
    merged = merge_runs(config.log.index, KEYS, longest)
    return merged + merge_runs(config.log.index, RESERVATIONS, None if config.archive else longest)
