"""Take segments out of the event log that the older of two snapshots covers.

They go to the archive, compressed, so that every number can still be explained. When none is kept,
they are deleted, once the time to live of the keys in them is over; so are those that were archived
before, for the log must not have a gap.
"""

from collections.abc import Callable
from datetime import datetime

from msgspec import DecodeError, Struct, ValidationError, json

from surestock.engine.log.config import LogConfig
from surestock.engine.log.sealed import Sealed, is_older, sealed_segments
from surestock.engine.log.upkeep.snapshotting import drop_damaged
from surestock.journal.archive import archive_segment
from surestock.kit.failpoints import hit
from surestock.kit.files import make_directory, sync_directory
from surestock.snapshot import (
    SnapshotDamaged,
    read_snapshot,
    snapshot_path,
    snapshot_sequences,
)

_SNAPSHOTS_NEEDED = 2


class _Checkpoint(Struct, rename="camel"):
    sequence: int
    oldest_parked: int | None = None


def compact(
    config: LogConfig, oldest: datetime, *, archive: bool, tell: Callable[[str], None]
) -> int:
    """Archive or delete what is covered, oldest first; return how many segments that were.

    Keys that were answered before ``oldest`` are over their time to live. Nothing is taken out when
    one of the two snapshots is not sound: that one is deleted. Raises a ``JournalError``, and
    ``OSError``.
    """
    newest = snapshot_sequences(config.snapshots)[-_SNAPSHOTS_NEEDED:]
    if len(newest) < _SNAPSHOTS_NEEDED:
        return 0
    covered = [it for it in sealed_segments(config) if it.last <= newest[0]]
    if archive:
        covered = [it for it in covered if not it.segment.archived]
    else:
        passed = _passed(config)
        covered = [it for it in covered if it.last <= passed and is_older(config, it, oldest)]
    if not covered or not _are_sound(config, newest, tell):
        return 0
    for sealed in covered:
        _take_out(config, sealed, archive=archive)
        tell(f"{'archived' if archive else 'deleted'} {sealed.segment.path.name}")
    return len(covered)


def _are_sound(config: LogConfig, sequences: list[int], tell: Callable[[str], None]) -> bool:
    for sequence in sequences:
        try:
            read_snapshot(snapshot_path(config.snapshots, sequence))
        except SnapshotDamaged as error:
            drop_damaged(error.path, error.why, tell)
            return False
    return True


def _take_out(config: LogConfig, sealed: Sealed, *, archive: bool) -> None:
    path = sealed.segment.path
    if archive:
        make_directory(config.archive)
        archive_segment(path, config.archive)
    hit("compact.unlink")
    path.unlink()
    sync_directory(path.parent)


def _passed(config: LogConfig) -> int:
    """Return the last record that the central view needs no more: it is folded and not parked."""
    try:
        content = (config.central / "checkpoint.json").read_bytes()
        checkpoint = json.decode(content, type=_Checkpoint)
    except (OSError, DecodeError, ValidationError):
        return 0
    if checkpoint.oldest_parked is None:
        return checkpoint.sequence
    return min(checkpoint.sequence, checkpoint.oldest_parked - 1)
