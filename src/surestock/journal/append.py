"""Append group commits to the log: one write and one fdatasync each."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from surestock.journal.begin import begin_segment, write_whole
from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.line import encode_commit
from surestock.journal.probe import probe_room
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import Place, TornTail
from surestock.journal.segment import first_of, is_archived
from surestock.kit.failpoints import hit
from surestock.resilience.backoff import waits

_ROOM_BYTES = 1 << 20
_MOST_ROOM_BYTES = 8 << 20


class Batch(Struct, frozen=True):
    """Records ``first`` to ``last``, encoded, to become one line at time ``ts`` (RFC 3339)."""

    first: int
    last: int
    ts: str
    records: list[bytes]


class AppendConfig(Struct, frozen=True):
    """When to start a new segment: after so many bytes, or records. How often to retry a write."""

    segment_bytes: int = 64 * 1024 * 1024
    segment_records: int = 2**63
    retry_times: int = 3
    retry_base_s: float = 0.02


class LogEnd(Struct, frozen=True):
    """Where a log ends: its last segment (None: no segment yet), that one's size, the last crc.

    ``torn`` is behind it still, when there was no room to set that aside.
    """

    segment: Path | None
    size: int
    crc: str
    lines: int = 0
    torn: TornTail | None = None


class Appender:
    """The open end of a log. One thread uses it.

    ``on_retry`` is called before each retry of a failed write, ``on_repair`` with where a torn tail
    was set aside and what was wrong with it. ``synced_s`` is how long the last fdatasync of a batch
    took, by ``monotonic``.
    """

    def __init__(
        self,
        directory: Path,
        end: LogEnd,
        config: AppendConfig,
        on_retry: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        on_repair: Callable[[Path, str], None] = lambda _aside, _why: None,
        monotonic: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._directory = directory
        self._config = config
        self._on_retry = on_retry
        self._sleep = sleep
        self._on_repair = on_repair
        self._monotonic = monotonic
        self._torn = end.torn
        self._failed_bytes = 0
        self.synced_s = 0.0
        # An archived segment is complete: what comes next starts a new one.
        self._path = None if end.segment is None or is_archived(end.segment) else end.segment
        self._crc = end.crc
        self._size = end.size
        self._lines = end.lines
        self._dirty = False
        self._fd = -1 if self._path is None else os.open(self._path, os.O_WRONLY)

    def append(self, batch: Batch) -> Place:
        """Make ``batch`` durable and return where it stands.

        Raises :class:`WriteFailed` when retries are used up: then nothing of it is in the log, and
        the next batch may be tried. Raises :class:`SyncFailed`: then the process must end.
        """
        try:
            return self._append(batch)
        except WriteFailed:
            self._failed_bytes = sum(map(len, batch.records))
            raise

    def probe(self) -> None:
        """Find out whether the log can grow: by as much as failed last, and a megabyte.

        Repairs first what a failed write, or a death, left behind the end. Raises ``OSError`` or
        :class:`WriteFailed` when it cannot; :class:`SyncFailed`: then the process must end.
        """
        self._repair()
        if self._dirty:
            self._truncate()
        probe_room(self._directory, min(_ROOM_BYTES + self._failed_bytes, _MOST_ROOM_BYTES))

    def _append(self, batch: Batch) -> Place:
        self._repair()
        if self._fd < 0 or self._is_full(batch.first):
            self._retried(lambda: self._begin_segment(batch.first, batch.ts))
        line, crc = encode_commit(self._crc, batch.first, batch.last, batch.ts, batch.records)
        self._retried(lambda: self._write(line))
        self._sync()
        if self._path is None:
            msg = "a segment is open, but has no path"
            raise AssertionError(msg)
        self._lines += 1
        place = Place(self._path, self._lines, self._size, len(line))
        self._size += len(line)
        self._crc = crc
        return place

    def close(self) -> None:
        """Close the file. Everything that was appended is durable already."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _is_full(self, following: int) -> bool:
        """Whether the segment ends before record ``following``. Asked again, it says the same."""
        if self._path is None or self._size >= self._config.segment_bytes:
            return True
        return following - first_of(self._path) >= self._config.segment_records

    def _retried(self, attempt: Callable[[], None]) -> None:
        pauses = waits(self._config.retry_times, self._config.retry_base_s)
        while True:
            try:
                return attempt()
            except OSError as error:
                pause = next(pauses, None)
                if pause is None:
                    msg = f"the event log cannot be written: {error.strerror or error}"
                    raise WriteFailed(msg) from error
            self._on_retry()
            self._sleep(pause)

    def _repair(self) -> None:
        """Set a torn tail aside that the start had no room for. Raises ``NoRoom``."""
        if self._torn is None:
            return
        try:
            aside = cut_torn_tail(self._torn)
        except OSError as error:
            msg = f"the event log cannot be made sound: {error.strerror or error}"
            raise SyncFailed(msg) from error
        self._on_repair(aside, self._torn.why)
        self._torn = None

    def _truncate(self) -> None:
        hit("journal.truncate")
        os.ftruncate(self._fd, self._size)
        self._dirty = False

    def _write(self, line: bytes) -> None:
        if self._dirty:
            self._truncate()
        self._dirty = True
        write_whole("journal.write", self._fd, line, self._size)
        self._dirty = False

    def _sync(self) -> None:
        began = self._monotonic()
        try:
            hit("journal.fdatasync")
            os.fdatasync(self._fd)
        except OSError as error:
            msg = f"the event log cannot be made durable: {error.strerror or error}"
            raise SyncFailed(msg) from error
        self.synced_s = self._monotonic() - began

    def _begin_segment(self, first: int, ts: str) -> None:
        begun = begin_segment(self._directory, self._crc, first, ts)
        self.close()
        self._fd, self._path, self._size, self._crc = begun.fd, begun.path, begun.size, begun.crc
        self._lines = 1
        self._dirty = False
