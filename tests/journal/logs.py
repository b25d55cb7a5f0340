"""Small logs to test with: made by the product's own appender, read by its own scan."""

import os
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.archive import archive_segment
from surestock.journal.line import GENESIS, Commit
from surestock.journal.position import Frontier
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import FROM_THE_FIRST, LogStart, Place, Scan
from surestock.journal.segment import first_of, list_segments
from surestock.kit import failpoints

TS = "2026-01-01T00:00:00.000000Z"
EMPTY = LogEnd(None, 0, GENESIS)


def batch(first: int, last: int | None = None) -> Batch:
    """Records ``first`` to ``last``, each a tiny JSON object that tells its sequence."""
    last = first if last is None else last
    return Batch(first, last, TS, [b'{"n":%d}' % n for n in range(first, last + 1)])


def write_log(directory: Path, lines: int, segment_bytes: int = 1 << 20) -> None:
    """Write a log of ``lines`` group commits of one record each."""
    appender = Appender(directory, EMPTY, AppendConfig(segment_bytes))
    for sequence in range(1, lines + 1):
        appender.append(batch(sequence))
    appender.close()


def numbers_of(commits: Iterable[Commit]) -> list[int]:
    """Return the numbers that the records of ``commits`` tell, in order."""
    return [it["n"] for commit in commits for it in msgspec.json.decode(commit.records)]


def read_log(
    directory: Path, archive: Path | None = None, start: LogStart = FROM_THE_FIRST
) -> list[int]:
    """Return the numbers that the records of the log tell, in order, and repair its end."""
    scan = Scan(directory, archive, start)
    numbers = numbers_of(commit for _, commit in scan)
    if scan.torn is not None:
        cut_torn_tail(scan.torn)
    return numbers


def write_segments(directory: Path, segments: int, lines: int, pad: int = 0) -> list[Place]:
    """Write a log of so many segments of so many lines; return where each line stands.

    ``pad`` bytes that hardly compress make each line longer.
    """
    noise = random.Random(7)
    appender = Appender(directory, EMPTY, AppendConfig(segment_records=lines))
    places = []
    with unsynced():
        for n in range(1, segments * lines + 1):
            record = b'{"n":%d,"pad":"%s"}' % (n, noise.randbytes(pad // 2).hex().encode())
            places.append(appender.append(Batch(n, n, TS, [record])))
    appender.close()
    return places


def move_to_archive(directory: Path, archive: Path, segments: int) -> list[Path]:
    """Archive the first so many plain segments and remove them; return the archived files."""
    moved = []
    with unsynced():
        for path in list_segments(directory)[:segments]:
            moved.append(archive_segment(path, archive))
            path.unlink()
    return moved


@contextmanager
def unsynced() -> Iterator[None]:
    """Write without waiting for the disk: a log that is only read need not outlive a power cut."""
    with pytest.MonkeyPatch.context() as changed:
        for name in ("fsync", "fdatasync"):
            changed.setattr(os, name, lambda _fd: None)
        yield


def start_after(directory: Path, sequence: int) -> LogStart:
    """Return the start behind record ``sequence`` of a log of plain segments."""
    crcs = {commit.last: commit.crc for _, commit in Scan(directory)}
    return LogStart(sequence, crcs[sequence])


def frontier_at(place: Place, sequence: int) -> Frontier:
    """Return the frontier behind the line at ``place``, which ends with record ``sequence``."""
    return Frontier(sequence, first_of(place.segment), place.offset + place.length)


@contextmanager
def failing(name: str, error: Exception, times: int = 1, after: int = 0) -> Iterator[None]:
    """Let the failpoint ``name`` raise ``error`` at ``times`` hits, after some that go well."""
    hits = 0

    def fail() -> None:
        nonlocal hits
        hits += 1
        if after < hits <= after + times:
            raise error

    failpoints.arm(name, fail)
    try:
        yield
    finally:
        failpoints.disarm_all()
