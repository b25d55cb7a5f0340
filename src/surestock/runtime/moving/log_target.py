"""The log that a database is moved into: in a folder of its own until it is proved.

It becomes the event log by a rename, so no server can start on a part of it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Raw, Struct, json

from surestock.engine.log import LogConfig
from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.hold import JournalHold
from surestock.journal.line import GENESIS
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import LogStart, Scan
from surestock.journal.settle import settle
from surestock.kit.failpoints import hit
from surestock.kit.files import make_directory, sync_directory
from surestock.runtime.moving.errors import MoveRefused
from surestock.runtime.offline.tables.base import Base
from surestock.snapshot import SnapshotHead, snapshot_path, write_snapshot

_MOVING = "event-log.moving"
_SNAPSHOTS = "snapshots"
LINE_RECORDS = 1000


class _Made(Struct):
    ts: datetime


_split = json.Decoder(list[Raw]).decode
_made = json.Decoder(_Made).decode


class LogTarget:
    """Holds the folder from when it is made until it is closed.

    ``sequence`` is the last record in it, ``last`` that one's JSON. ``begins_after`` is the record
    before the first, ``base`` what stands for it and those before. Raises :class:`MoveRefused`, a
    ``JournalError`` and ``OSError``, as all here does.
    """

    def __init__(
        self,
        data_dir: Path,
        append: AppendConfig,
        begins_after: int,
        base: Base | None,
        line_records: int = LINE_RECORDS,
    ) -> None:
        self.config = LogConfig(data_dir / _MOVING, append)
        self._data_dir = data_dir
        self._base = base
        self._line_records = line_records
        self._begins = LogStart(begins_after, GENESIS)
        self.begins_after = self.sequence = begins_after
        self.last: bytes | None = None
        # By lines, time never runs backwards: that of machines that wrote in turn may have.
        self._newest = datetime.min.replace(tzinfo=UTC)
        self._check_empty()
        make_directory(self.config.directory)
        self._hold = JournalHold(self.config.directory)
        try:
            self._appender = Appender(self.config.directory, self._end(), append)
        except BaseException:
            self._hold.close()
            raise

    def _check_empty(self) -> None:
        """Refuse a directory that holds anything but what an earlier run began."""
        if not self._data_dir.exists():
            return
        found = {path.name for path in self._data_dir.iterdir()}
        if not found <= {_MOVING, _SNAPSHOTS} or found == {_SNAPSHOTS}:
            raise MoveRefused(
                f"{self._data_dir} is not empty. Name a directory that is empty, or not there yet: "
                "nothing is moved on top of something else."
            )

    def _end(self) -> LogEnd:
        """Find out where an earlier run ended, and cut off what it had begun to write."""
        settle(self.config.directory)
        scan = Scan(self.config.directory, start=self._begins)
        if not scan.segments:
            return LogEnd(None, 0, GENESIS)
        for _, commit in scan:
            self.last = bytes(_split(commit.records)[-1])
            self.sequence = commit.last
            self._newest = datetime.fromisoformat(commit.ts)
        if scan.torn is not None:
            cut_torn_tail(scan.torn)
        last = scan.last
        if last is None:
            return LogEnd(None, 0, scan.crc)
        return LogEnd(last.segment, last.offset + last.length, scan.crc, last.line)

    def write(self, bodies: Sequence[tuple[int, str]]) -> None:
        """Append records, each (sequence, JSON), that are not in the log yet; durably."""
        new = [it for it in bodies if it[0] > self.sequence]
        while new:
            some, new = self._line(new)
            encoded = [body.encode() for _, body in some]
            first, last = some[0][0], some[-1][0]
            self._newest = max(self._newest, *(_made(body).ts for body in encoded))
            self._appender.append(Batch(first, last, _written(self._newest), encoded))
            self.sequence = last
            hit("move.commit")

    def _line(
        self, records: list[tuple[int, str]]
    ) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        """Return the records of the next line, and the rest: a line ends with the base."""
        count = self._line_records
        if self._base is not None and self.sequence < self._base.sequence:
            count = min(count, self._base.sequence - self.sequence)
        return records[:count], records[count:]

    def complete(self) -> None:
        """Write what stands for deleted records, once all others are written."""
        base = self._base
        if base is None:
            return
        folder = self.config.snapshots
        if snapshot_path(folder, base.sequence).exists():
            return
        write_snapshot(
            folder,
            SnapshotHead(base.sequence, self._crc_at(base.sequence), base.ts, base.ids),
            sorted(base.levels, key=lambda level: level.key),
            [held for held in base.reservations if held.status == "active"],
            documents=sorted(base.documents, key=lambda document: document.key),
        )

    def _crc_at(self, sequence: int) -> str:
        """Return the checksum of the line that ends with record ``sequence``."""
        scan = Scan(self.config.directory, start=self._begins)
        return next((it.crc for _, it in scan if it.last == sequence), GENESIS)

    def close(self) -> None:
        """Let go of the folder."""
        self._appender.close()
        self._hold.close()

    def become_the_log(self) -> Path:
        """Give the folder its name, now that it is proved; return the path. Raises ``OSError``."""
        hit("move.end")
        path = self.config.directory.rename(self._data_dir / "event-log")
        sync_directory(self._data_dir)
        return path


def _written(ts: datetime) -> str:
    return ts.isoformat(timespec="microseconds").replace("+00:00", "Z")
