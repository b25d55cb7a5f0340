"""Everything that must hold of a log, checked from its first byte to its last."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from msgspec import Struct

from surestock.engine.log.recovery import Replay
from surestock.engine.state import State
from surestock.inventory.model import Level
from surestock.inventory.record import Record
from surestock.journal.errors import JournalDamaged
from surestock.journal.scan import Scan, TornTail
from surestock.journal.segment import list_segments
from surestock.runtime.offline.collector import without_collector
from surestock.runtime.offline.ends import End, check_end
from surestock.runtime.offline.repeats import UniqueKeys

_PROGRESS_BYTES = 1024 * 1024


class Audit(Struct, frozen=True):
    """What a sound log holds. ``torn`` is its torn tail, if there is one: that is not damage."""

    segments: int
    size_bytes: int
    lines: int
    records: int
    events: int
    stores: int
    levels: int
    active_reservations: int
    torn: TornTail | None


def log_bytes(directory: Path) -> int:
    """Return the size of the log in ``directory``, in bytes."""
    return sum(path.stat().st_size for path in list_segments(directory))


def audit(directory: Path, ttl: timedelta, progress: Callable[[int], None]) -> Audit:
    """Check the whole log in ``directory``; ``progress`` gets the bytes done, now and then.

    ``ttl`` is how long an idempotency key stands for one command. Raises a ``JournalError`` at the
    first thing that is wrong.
    """
    scan = Scan(directory)
    _check_names(directory, scan)
    fold = _AuditedReplay(_Books(), ttl)
    lines = done = shown = 0
    with without_collector():
        for place, commit in scan:
            fold.line(place, commit)
            lines += 1
            done += place.length
            if done - shown >= _PROGRESS_BYTES:
                shown = done
                progress(done)
        levels, reservations = fold.books.levels, fold.books.reservations.values()
        return Audit(
            segments=len(scan.segments),
            size_bytes=log_bytes(directory),
            lines=lines,
            records=fold.sequence,
            events=fold.events,
            stores=len({store_id for store_id, _ in levels}),
            levels=len(levels),
            active_reservations=sum(held.status == "active" for held in reservations),
            torn=scan.torn,
        )


def _check_names(directory: Path, scan: Scan) -> None:
    """Raise :class:`JournalDamaged` for a file that looks like a segment and is not read as one."""
    for path in sorted(directory.glob("*.ndjson")):
        if path not in scan.segments:
            why = "its name is not that of a segment, so its records count for nothing"
            raise JournalDamaged(path, 1, 0, why)


class _Books(State):
    """State that nobody pages through: the sorted index of SKUs is left out."""

    def _add_to_pages(self, level: Level) -> None:
        """Do nothing."""


class _AuditedReplay(Replay):
    """A replay that also looks at what replaying alone does not show."""

    def __init__(self, books: _Books, ttl: timedelta) -> None:
        super().__init__(books, UniqueKeys(ttl))
        self.books = books
        self.events = 0

    def record(self, record: Record) -> None:
        """Apply one record, after a closer look at it. Raises ``InvariantViolation``."""
        events = record.events
        for event in events:
            if isinstance(event, End):
                check_end(self.books, event)
        super().record(record)
        self.events += len(events)
