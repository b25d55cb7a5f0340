"""The view and the files behind it: made from a snapshot, kept up with the log, noted on disk."""

import gc
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from surestock.journal.line import Commit
from surestock.journal.position import Frontier
from surestock.journal.scan import LogStart
from surestock.journal.tail import Tail
from surestock.snapshot import newest_snapshot
from surestock.sync.checkpoint import Checkpoint, write_checkpoint
from surestock.sync.decisions import DecisionFile
from surestock.sync.reread import StoredRecords
from surestock.sync.view import CentralView
from surestock.telemetry.log import Log


class Folders(Struct, frozen=True):
    """Where things stand: three folders of the log, and the worker's own, ``central``."""

    event_log: Path
    archive: Path
    snapshots: Path
    central: Path


class CentralKeeper:
    """Keeps the view. Plain calls, one at a time, that may block; the fields may be read meanwhile.

    ``most_bytes`` of log, about, are folded by one call. Every call may raise ``SurestockError`` or
    ``OSError``, and may be made again then.
    """

    def __init__(
        self,
        folders: Folders,
        now: Callable[[], datetime],
        log: Log,
        most_bytes: int = 4 * 1024 * 1024,
    ) -> None:
        self._folders = folders
        self._now = now
        self._log = log
        self._most_bytes = most_bytes
        self._view: CentralView | None = None
        self._tail: Tail | None = None
        self._unfolded: deque[Commit] = deque()
        self._came_level = False
        self._noted: Checkpoint | None = None

    @property
    def applied_sequence(self) -> int:
        """The last record that is in the view, or parked."""
        return 0 if self._view is None else self._view.applied_sequence

    @property
    def opened_letters(self) -> int:
        """How many letters were opened since the view was made."""
        return 0 if self._view is None else self._view.opened_letters

    @property
    def open_letters(self) -> int:
        """How many letters stop their SKU now."""
        return 0 if self._view is None else self._view.open_letters

    @property
    def passed(self) -> int:
        """The record up to which the log is not needed any more."""
        if self._view is None or not self._came_level:
            return 0
        oldest = self._view.oldest_parked
        return self._view.applied_sequence if oldest is None else oldest - 1

    @property
    def view(self) -> CentralView:
        """The view, to be asked and driven. It must have been made."""
        if self._view is None:
            msg = "the view has not been made"
            raise AssertionError(msg)
        return self._view

    def rebuild(self) -> None:
        """Make the view anew, from the newest snapshot that is sound."""
        if self._tail is not None:
            self._tail.close()
        self._view = self._tail = None  # let go of the old one first: it may be large
        self._unfolded.clear()
        self._came_level = False
        folders = self._folders
        decisions = DecisionFile(folders.central, self._now)
        stored = StoredRecords(folders.event_log, folders.archive)
        view = CentralView(decisions, stored.read, self._now, decisions.letters)
        start = LogStart()
        snapshot = newest_snapshot(folders.snapshots, self._damaged)
        if snapshot is not None:
            view.seed(snapshot.sequence, snapshot.levels)
            start = LogStart(snapshot.sequence, snapshot.crc)
        self._tail = Tail(folders.event_log, folders.archive, start)
        self._view = view
        # It is there to stay: no later collection is to look through it for garbage.
        gc.freeze()

    def _damaged(self, snapshot: Path, why: str) -> None:
        self._log.warning("a snapshot is damaged and not used", snapshot=str(snapshot), why=why)

    def fold(self, frontier: Frontier) -> bool:
        """Fold some megabytes of the log; tell whether some is left before ``frontier``."""
        view, tail = self.view, self._tail
        if not self._unfolded and tail is not None:
            self._unfolded.extend(tail.read(frontier, self._most_bytes))
        while self._unfolded:
            view.apply(self._unfolded[0].records)
            self._unfolded.popleft()
        left = view.applied_sequence < frontier.sequence
        self._came_level = self._came_level or not left
        return left

    def retry(self) -> None:
        """Try changes that failed once more, as long as they have a try left."""
        self.view.retry()

    def save(self) -> None:
        """Note how far the view is, unless it has yet to come as far as it was before."""
        view, tail = self.view, self._tail
        if tail is None or not self._came_level or tail.sequence != view.applied_sequence:
            return
        now = Checkpoint(tail.sequence, tail.crc, view.oldest_parked)
        if now != self._noted and now.sequence:
            write_checkpoint(self._folders.central, now)
            self._noted = now
