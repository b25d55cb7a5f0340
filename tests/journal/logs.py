"""Small logs to test with: made by the product's own appender, read by its own scan."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.line import GENESIS
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import Scan
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


def read_log(directory: Path) -> list[int]:
    """Return the numbers that the records of the log tell, in order, and repair its end."""
    scan = Scan(directory)
    numbers = []
    for _, commit in scan:
        numbers += [record["n"] for record in msgspec.json.decode(commit.records)]
    if scan.torn is not None:
        cut_torn_tail(scan.torn)
    return numbers


@contextmanager
def failing(name: str, error: Exception, times: int = 1) -> Iterator[None]:
    """Let the failpoint ``name`` raise ``error`` at its next ``times`` hits."""
    left = times

    def fail() -> None:
        nonlocal left
        if left > 0:
            left -= 1
            raise error

    failpoints.arm(name, fail)
    try:
        yield
    finally:
        failpoints.disarm_all()
