"""Everything that must hold of a data directory, checked from the first byte to the last."""

from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from surestock.engine.log import LogConfig
from surestock.engine.log.covered import check_covered
from surestock.inventory.central import DeadLetter
from surestock.journal.errors import JournalDamaged
from surestock.journal.scan import FROM_THE_FIRST, LogStart, Scan, TornTail
from surestock.journal.segment import all_segments, is_archived, list_archived, list_segments
from surestock.journal.stored import open_segment
from surestock.kit.clock import Clock
from surestock.runtime.offline.audit.central import CentralCheck
from surestock.runtime.offline.audit.finding import Finding
from surestock.runtime.offline.audit.indexes import IndexCheck
from surestock.runtime.offline.audit.replay import AuditedReplay, Books
from surestock.runtime.offline.audit.snapshots import SnapshotCheck
from surestock.runtime.offline.beginning import log_beginning, oldest_base
from surestock.runtime.offline.collector import without_collector
from surestock.snapshot import Snapshot

_PROGRESS_BYTES = 1024 * 1024


class Audit(Struct, frozen=True):
    """What was looked at, and found.

    ``base`` is the snapshot that the replay began with, None when it began with record 1. ``torn``
    is the torn tail of the log, if there is one: that is not damage. ``findings`` are.
    """

    segments: int
    archived: int
    size_bytes: int
    lines: int
    base: int | None
    records: int
    events: int
    stores: int
    levels: int
    active_reservations: int
    snapshots: int
    central_skus: int
    diverged: int
    letters: list[DeadLetter]
    runs: int
    entries: int
    findings: list[Finding]
    torn: TornTail | None


def audited_bytes(directory: Path) -> int:
    """Return how many bytes an audit reads, an archived segment counted as what is in it.

    Raises a ``JournalError``.
    """
    config = LogConfig(directory)
    size = _size_of(config.index.glob("*-*"))
    for segment in all_segments(config.directory, config.archive):
        with open_segment(config.directory, config.archive, segment.first) as stored:
            size += stored.size
    return size


def audit(
    directory: Path,
    ttl: timedelta,
    clock: Clock,
    progress: Callable[[int], None],
    *,
    archived: bool = True,
) -> Audit:
    """Check the log in ``directory``, its archive, and what was made from them.

    ``progress`` gets the bytes done, now and then. ``ttl`` is how long an idempotency key stands
    for one command. Unless ``archived``, the log need not begin with record 1: then the oldest
    snapshot that fits stands for what was deleted. Raises a ``JournalError`` at the first thing
    that is wrong with the log.
    """
    with ExitStack() as files, without_collector():
        return _Pass(LogConfig(directory), ttl, clock, files).run(progress, archived=archived)


class _Pass:
    """One audit."""

    def __init__(self, config: LogConfig, ttl: timedelta, clock: Clock, files: ExitStack) -> None:
        self._config = config
        self._books = Books()
        self._fold = AuditedReplay(self._books, ttl)
        # What is derived is listed before the log is: so the log must reach as far.
        self._snapshots = SnapshotCheck(config, self._fold, self._books)
        self._central = CentralCheck(config, clock)
        self._indexes = IndexCheck(config, files)

    def run(self, progress: Callable[[int], None], *, archived: bool) -> Audit:
        beginning = FROM_THE_FIRST if archived else log_beginning(self._config)
        base = self._begin_at(beginning) if beginning.sequence else None
        scan = Scan(
            self._config.directory, self._config.archive, beginning if base else FROM_THE_FIRST
        )
        _check_names(self._config)
        lines, done = self._replay(scan, base, progress)
        self._check_end(scan)
        self._snapshots.end()
        self._central.compare(self._books.levels)
        self._indexes.compare(lambda size: progress(done + size))
        return self._audit(scan, lines, base)

    def _begin_at(self, beginning: LogStart) -> Snapshot | None:
        base = oldest_base(self._config, beginning)
        if base is not None:
            self._fold.begin_at(base)
            self._snapshots.base(base)
            self._central.begin_at(beginning, base)
            self._indexes.begin_at(base.sequence)
        return base

    def _replay(
        self, scan: Scan, base: Snapshot | None, progress: Callable[[int], None]
    ) -> tuple[int, int]:
        """Replay the log; return how many lines and bytes it has."""
        begins_after = 0 if base is None else base.sequence
        lines = done = shown = 0
        for place, commit in scan:
            self._central.chain(commit.last, commit.crc)
            if commit.last > begins_after:
                self._fold.line(place, commit)
                self._central.line(commit)
                self._indexes.line(place, commit, self._fold.records)
                self._snapshots.line(commit)
            elif base is not None and commit.last == begins_after and commit.crc != base.crc:
                why = f"snapshot {begins_after} was made of a line with checksum {base.crc}"
                raise JournalDamaged(place.segment, place.line, place.offset, why)
            lines += 1
            done += place.length
            if done - shown >= _PROGRESS_BYTES:
                shown = done
                progress(done)
        return lines, done

    def _check_end(self, scan: Scan) -> None:
        """Raise a ``JournalError`` when the log ends before what was seen of it."""
        if max(self._snapshots.newest, self._central.noted) > scan.sequence:
            check_covered(self._config, lambda: scan.sequence, scan.torn)

    def _audit(self, scan: Scan, lines: int, base: Snapshot | None) -> Audit:
        config, books = self._config, self._books
        checks = (self._snapshots, self._central, self._indexes)
        files = list_segments(config.directory) + list_archived(config.archive)
        return Audit(
            segments=len(scan.segments),
            archived=sum(is_archived(path) for path in scan.segments),
            size_bytes=_size_of(files),
            lines=lines,
            base=None if base is None else base.sequence,
            records=scan.sequence,
            events=self._fold.events,
            stores=len({store_id for store_id, _ in books.levels}),
            levels=len(books.levels),
            active_reservations=len(books.reservations),
            snapshots=self._snapshots.equal,
            central_skus=self._central.skus,
            diverged=len(self._central.diverged),
            letters=self._central.open_letters(),
            runs=self._indexes.sound,
            entries=self._indexes.entries,
            findings=[found for check in checks for found in check.findings],
            torn=scan.torn,
        )


def _check_names(config: LogConfig) -> None:
    """Raise :class:`JournalDamaged` for a file that looks like a segment and is not read as one."""
    for folder, pattern, list_named in (
        (config.directory, "*.ndjson", list_segments),
        (config.archive, "*.ndjson.gz", list_archived),
    ):
        # Listed in this order, a segment that a server makes meanwhile is among the named ones.
        found = {*folder.glob(pattern)}
        for path in sorted(found - {*list_named(folder)}):
            if path.exists():  # else it was archived meanwhile
                why = "its name is not that of a segment, so its records count for nothing"
                raise JournalDamaged(path, 1, 0, why)


def _size_of(files: Iterable[Path]) -> int:
    size = 0
    for path in files:
        with suppress(FileNotFoundError):  # archived or merged meanwhile
            size += path.stat().st_size
    return size
