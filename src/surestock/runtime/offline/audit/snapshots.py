"""Snapshots against the replay: each is to hold what the records up to its own amount to."""

from collections.abc import Hashable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from surestock.engine.log import LogConfig
from surestock.journal.line import Commit
from surestock.runtime.offline.audit.finding import Finding
from surestock.runtime.offline.audit.replay import AuditedReplay, Books
from surestock.snapshot import (
    Snapshot,
    SnapshotDamaged,
    read_snapshot,
    snapshot_path,
    snapshot_sequences,
)

Key = TypeVar("Key", bound=Hashable)


class SnapshotCheck:
    """Compares the snapshots that there are when it is made. ``equal`` counts the sound ones."""

    def __init__(self, config: LogConfig, fold: AuditedReplay, books: Books) -> None:
        folder = config.snapshots
        self._paths = {it: snapshot_path(folder, it) for it in snapshot_sequences(folder)}
        self.newest = max(self._paths, default=0)
        self.findings: list[Finding] = []
        self.equal = 0
        self._fold = fold
        self._books = books

    def line(self, commit: Commit) -> None:
        """Compare the snapshot of what was replayed with ``commit`` as its last line, if any."""
        path = self._paths.pop(commit.last, None)
        if path is None:
            return
        try:
            wrong = next(self._differences(read_snapshot(path), commit), None)
        except SnapshotDamaged as error:
            if not path.exists():
                return  # the upkeep of a server dropped it meanwhile
            wrong = error.why
        self._judge(path, wrong)

    def base(self, snapshot: Snapshot) -> None:
        """Leave out the snapshot that the replay begins with: nothing else tells what is in it."""
        self._paths.pop(snapshot.sequence, None)

    def end(self) -> None:
        """Find the snapshots that no line of the log led to, once all of it was replayed."""
        for sequence, path in sorted(self._paths.items()):
            try:
                read_snapshot(path)
                wrong = f"no line that was replayed ends with record {sequence}"
            except SnapshotDamaged as error:
                wrong = error.why
            if path.exists():
                self.findings.append(Finding(path, wrong))

    def _judge(self, path: Path, wrong: str | None) -> None:
        if wrong is None:
            self.equal += 1
        else:
            self.findings.append(Finding(path, wrong))

    def _differences(self, snapshot: Snapshot, commit: Commit) -> Iterator[str]:
        head = snapshot.head
        if head.log != commit.crc:
            yield f"it was made of a log whose line has checksum {head.log}, not {commit.crc}"
        if head.ts != datetime.fromisoformat(commit.ts):
            yield f"its time is {head.ts}, that of its line is {commit.ts}"
        if head.ids != self._fold.newest_ids:
            yield "the ids that it knows are not those of the log"
        if any(one.key >= after.key for one, after in pairwise(snapshot.levels)):
            yield "its levels are not sorted"
        levels = {level.key: level for level in snapshot.levels}
        yield from _unlike("levels", levels, self._books.levels)
        held = {it.reservation_id: it for it in snapshot.reservations}
        yield from _unlike("reservations", held, self._books.reservations)
        documents = {it.key: it for it in snapshot.documents}
        yield from _unlike("documents", documents, self._books.documents)


def _unlike(name: str, told: Mapping[Key, object], replayed: Mapping[Key, object]) -> Iterator[str]:
    for key, value in told.items():
        if value != replayed.get(key):
            yield f"it says {value}, the log {replayed.get(key)}"
    if len(told) != len(replayed):
        yield f"it holds {len(told):,} {name}, the log {len(replayed):,}"
