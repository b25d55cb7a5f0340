"""Take a snapshot: the last one, and the sealed segments after it, evolved by the same code."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from surestock.engine.log.config import LogConfig
from surestock.engine.log.recovery import Replay
from surestock.engine.log.sealed import sealed_segments
from surestock.engine.state import State
from surestock.idempotency import NoKeys
from surestock.journal.scan import LogStart, Scan
from surestock.kit.failpoints import hit
from surestock.kit.files import sync_directory
from surestock.snapshot import (
    SnapshotHead,
    newest_snapshot,
    snapshot_path,
    snapshot_sequences,
    write_snapshot,
)

_KEPT = 2


def snapshot_if_due(
    config: LogConfig, every: int, rest: Callable[[], None], tell: Callable[[str], None]
) -> int | None:
    """Take a snapshot when ``every`` records were sealed since the last; return its sequence.

    Raises a ``JournalError`` when the log does not follow from the last snapshot, ``OSError``.
    """
    sealed = sealed_segments(config)
    taken = snapshot_sequences(config.snapshots)
    if not sealed or sealed[-1].last - (taken[-1] if taken else 0) < every:
        return None
    tell(f"taking a snapshot at record {sealed[-1].last:,}")
    base = newest_snapshot(config.snapshots, lambda path, why: drop_damaged(path, why, tell))
    state = State()
    fold = Replay(state, NoKeys())
    crc, ts = LogStart().crc, datetime.min.replace(tzinfo=UTC)
    start = LogStart()
    if base is not None:
        fold.begin_at(base)
        start, crc, ts = LogStart(base.sequence, base.crc), base.crc, base.head.ts
    for place, commit in Scan(config.directory, config.archive, start):
        fold.line(place, commit)
        crc, ts = commit.crc, datetime.fromisoformat(commit.ts)
        if commit.last == sealed[-1].last:
            break  # what follows is written to now, and not looked at
    head = SnapshotHead(fold.sequence, crc, ts, fold.newest_ids)
    write_snapshot(
        config.snapshots, head, state.in_order(), state.active(), rest, state.all_documents()
    )
    return fold.sequence


def drop_damaged(path: Path, why: str, tell: Callable[[str], None]) -> None:
    """Delete a damaged snapshot: it would count as one of two, and stands for nothing."""
    tell(f"deleted {path.name}, a damaged snapshot: {why}")
    hit("snapshot.unlink")
    path.unlink()


def drop_old_snapshots(config: LogConfig) -> int:
    """Delete all but the newest two, and what a killed process left half written."""
    dropped = snapshot_sequences(config.snapshots)[:-_KEPT]
    left = list(config.snapshots.glob("*.tmp"))
    for path in [snapshot_path(config.snapshots, sequence) for sequence in dropped] + left:
        hit("snapshot.unlink")
        path.unlink()
    if dropped or left:
        sync_directory(config.snapshots)
    return len(dropped)
