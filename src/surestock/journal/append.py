"""Append group commits to the log: one write and one fdatasync each."""

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.line import encode_commit, encode_header
from surestock.journal.scan import Place
from surestock.journal.segment import first_of, is_archived, segment_path
from surestock.kit.failpoints import hit
from surestock.kit.files import FILE_MODE, sync_directory
from surestock.resilience.backoff import waits


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
    """Where a log ends: its last segment (None: no segment yet), that one's size, the last crc."""

    segment: Path | None
    size: int
    crc: str
    lines: int = 0


class Appender:
    """The open end of a log. One thread uses it.

    ``on_retry`` is called before each retry of a failed write.
    """

    def __init__(
        self,
        directory: Path,
        end: LogEnd,
        config: AppendConfig,
        on_retry: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._directory = directory
        self._config = config
        self._on_retry = on_retry
        self._sleep = sleep
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
        if self._fd < 0 or self._is_full(batch.first):
            self._retried(lambda: self._new_segment(batch.first, batch.ts))
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

    def _write(self, line: bytes) -> None:
        if self._dirty:
            hit("journal.truncate")
            os.ftruncate(self._fd, self._size)
            self._dirty = False
        self._dirty = True
        hit("journal.write")
        _write_whole(self._fd, line, self._size)
        self._dirty = False

    def _sync(self) -> None:
        try:
            hit("journal.fdatasync")
            os.fdatasync(self._fd)
        except OSError as error:
            msg = f"the event log cannot be made durable: {error.strerror or error}"
            raise SyncFailed(msg) from error

    def _new_segment(self, first: int, ts: str) -> None:
        """Start the segment of record ``first``: its header and its name are durable, then used."""
        path = segment_path(self._directory, first)
        header, crc = encode_header(self._crc, first, ts)
        hit("journal.segment.create")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        try:
            hit("journal.segment.write")
            _write_whole(fd, header, 0)
            try:
                hit("journal.segment.fdatasync")
                os.fdatasync(fd)
                sync_directory(self._directory)
            except OSError as error:
                msg = f"a new segment cannot be made durable: {error.strerror or error}"
                raise SyncFailed(msg) from error
        except BaseException:
            os.close(fd)
            raise
        self.close()
        self._fd, self._path, self._size, self._crc, self._lines = fd, path, len(header), crc, 1
        self._dirty = False


def _write_whole(fd: int, line: bytes, offset: int) -> None:
    written = os.pwrite(fd, line, offset)
    if written != len(line):
        raise OSError(errno.ENOSPC, f"only {written} of {len(line)} bytes were written")
