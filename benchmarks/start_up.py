"""How long a start takes, against the number of events in the log that it reads back.

The log is one that clients could have made: stock counts, then reserves with idempotency keys,
in lines of as many records as clients are usually waiting at once. It grows from one length to
the next; at each the server is started several times over the same log. No worker is there to take
snapshots, so the whole log is read; what a snapshot saves is in ``derived.snapshot_start``.
"""

from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Final

import msgspec

from benchmarks.client import count_rows, reserve_rows, send_rows
from benchmarks.contender import start_surestock
from benchmarks.plan import Plan

_STARTS: Final = 3
_LINE_RECORDS: Final = 50


class Start(msgspec.Struct, frozen=True):
    """Starts over a log of ``events`` events and ``log_bytes`` bytes, until the first answer."""

    events: int
    log_bytes: int
    median_seconds: float
    worst_seconds: float
    resident_bytes: int


def log_bytes(directory: Path) -> int:
    """Return the size of all segments of the server that lives in ``directory``."""
    return sum(part.stat().st_size for part in directory.glob("data/event-log/*.ndjson"))


def _starts(directory: Path, events: int) -> Start:
    seconds: list[float] = []
    resident = 0
    for _ in range(_STARTS):
        server = start_surestock(directory, "api")
        seconds.append(server.start_seconds)
        resident = server.memory()
        server.stop()
    return Start(events, log_bytes(directory), median(seconds), max(seconds), resident)


def run_starts(plan: Plan, scratch: Path, advance: Callable[[str], None]) -> list[Start]:
    """Measure every log length of the plan; ``advance`` hears one text a length."""
    directory = scratch / "start"
    skus = min(plan.skus, plan.log_lengths[0] // 2)
    written = 0
    starts: list[Start] = []
    for events in plan.log_lengths:
        advance(f"starting over {events:,} events")
        server = start_surestock(directory, "api")
        if written == 0:
            written = send_rows(server.port, count_rows(skus), _LINE_RECORDS)
        rows = reserve_rows(events - written, skus, keyed=True)
        written += send_rows(server.port, rows, _LINE_RECORDS)
        server.stop()
        starts.append(_starts(directory, events))
    return starts
