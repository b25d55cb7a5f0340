"""Millions of idempotency keys within their time to live: memory, start-up, and old answers.

The log grows to a tenth of the keys, is measured, and grows to all of them. Upkeep runs beside the
writing, as it does in use, so that indexes are merged and segments archived on the way. At each
size the last snapshot covers all but the same few records, so that starts can be compared.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.contender import start_surestock
from benchmarks.derived.figures import KeyedLog, KeyLookups
from benchmarks.derived.log_maker import LogMaker, Span
from benchmarks.derived.lookups import look_up
from benchmarks.derived.upkeep import Pass, RunningUpkeep, run_upkeep
from benchmarks.plan import Plan

CHUNKS: Final = 20
"""How often upkeep runs while the log grows to its full length: each 500,000 of 10,000,000 keys."""
_LIVE_PAIRS: Final = 5_000
_HOURS: Final = 20.0
_STARTS: Final = 3


def run_keys(
    plan: Plan, scratch: Path, advance: Callable[[str], None]
) -> tuple[list[KeyedLog], KeyLookups]:
    """Measure a log of the plan's keys, and one of a tenth of them."""
    directory = scratch / "keys"
    data = directory / "data"
    maker = LogMaker(data, Span.until_now(plan.skus + plan.keys, _HOURS))
    maker.count(plan.skus)
    logs: list[KeyedLog] = []
    for keys in (plan.keys // 10, plan.keys):
        begun = time.monotonic()
        passes = _grow(maker, data, keys, plan.keys // CHUNKS, advance)
        making_seconds = time.monotonic() - begun
        advance(f"starting over {keys:,} keys")
        logs.append(_measured(directory, maker, passes, making_seconds))
    maker.close()
    advance(f"looking up {plan.lookups:,} old keys, twice")
    lookups = look_up(directory, maker, maker.pairs - _LIVE_PAIRS, plan.lookups)
    return logs, lookups


def _grow(
    maker: LogMaker, data: Path, keys: int, chunk: int, advance: Callable[[str], None]
) -> list[Pass]:
    """Let the log grow to so many keys; return the upkeep that it took."""
    passes: list[Pass] = []
    running: RunningUpkeep | None = None
    while (left := keys // 2 - _LIVE_PAIRS - maker.pairs) > 0:
        advance(f"writing: {2 * maker.pairs:,} of {keys:,} keys")
        maker.reserve_and_release(min(left, chunk // 2), keyed=True)
        maker.flush()
        if running is not None:
            passes.append(running.wait())
        running = RunningUpkeep.start(data, chunk)
    if running is not None:
        passes.append(running.wait())
    maker.seal()
    maker.reserve_and_release(_LIVE_PAIRS, keyed=True)
    maker.flush()
    passes.append(run_upkeep(data, 1))
    return passes


def _measured(
    directory: Path, maker: LogMaker, passes: list[Pass], making_seconds: float
) -> KeyedLog:
    data = directory / "data"
    starts: list[float] = []
    resident: list[int] = []
    for _ in range(_STARTS):
        server = start_surestock(directory, "api")
        starts.append(server.start_seconds)
        resident.append(server.memory())
        server.stop()
    return KeyedLog(
        keys=2 * maker.pairs,
        records=maker.sequence,
        log_bytes=maker.log_bytes,
        archive_bytes=_bytes_in(data / "archive", "*.gz"),
        index_bytes=_bytes_in(data / "index", "*"),
        key_runs=len(list((data / "index").glob("*.keys"))),
        making_seconds=making_seconds,
        upkeep_cpu_seconds=sum(done.cpu_seconds for done in passes),
        upkeep_peak_bytes=max(done.peak_bytes for done in passes),
        start_seconds=starts,
        resident_bytes=max(resident),
    )


def _bytes_in(directory: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in directory.glob(pattern))
