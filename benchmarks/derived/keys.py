"""Millions of idempotency keys within their time to live: memory, start-up, and old answers.

The log grows to a tenth of the keys, is set aside, and grows to all of them. Upkeep runs beside the
writing, as it does in use, so that indexes are merged and segments archived on the way. At each
size the last snapshot covers all but the same few records, so that starts can be compared: the two
are started in turns.
"""

import os
import shutil
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
from surestock.journal.segment import list_segments

CHUNKS: Final = 20
"""How often upkeep runs while the log grows to its full length: each 500,000 of 10,000,000 keys."""
_LIVE_PAIRS: Final = 5_000
_HOURS: Final = 20.0
_COPIED: Final = frozenset({"", ".json"})
"""Suffixes of files that are written in place; the others are whole once they have their name."""


def run_keys(
    plan: Plan, scratch: Path, advance: Callable[[str], None]
) -> tuple[list[KeyedLog], KeyLookups]:
    """Measure a log of the plan's keys, and one of a tenth of them."""
    directory = scratch / "keys"
    data = directory / "data"
    maker = LogMaker(data, Span.until_now(plan.skus + plan.keys, _HOURS))
    maker.count(plan.skus)
    few, many = scratch / "few-keys", directory
    logs: list[KeyedLog] = []
    for keys in (plan.keys // 10, plan.keys):
        begun = time.monotonic()
        passes = _grow(maker, data, keys, plan.keys // CHUNKS, advance)
        logs.append(_described(data, maker, passes, time.monotonic() - begun))
        if len(logs) == 1:
            _set_aside(data, few / "data")
    maker.close()
    for round_number in range(1, plan.rounds + 1):
        advance(f"round {round_number} of {plan.rounds}: a start with few keys, and with many")
        for server, log in ((few, logs[0]), (many, logs[1]))[:: 1 if round_number % 2 else -1]:
            _start(server, log)
    advance(f"looking up {plan.lookups:,} old keys, twice")
    lookups = look_up(directory, maker, maker.pairs - _LIVE_PAIRS, plan.lookups)
    return logs, lookups


def _set_aside(data: Path, copy: Path) -> None:
    """Keep a data directory as it is now, without its bytes twice: but for what is written on."""
    live = list_segments(data / "event-log")[-1]

    def take(source: str, target: str) -> None:
        if Path(source) == live or Path(source).suffix in _COPIED:
            shutil.copy2(source, target)
        else:
            os.link(source, target)

    shutil.copytree(data, copy, copy_function=take)


def _start(directory: Path, log: KeyedLog) -> None:
    server = start_surestock(directory, "api")
    log.start_seconds.append(server.start_seconds)
    log.start_cpu_seconds.append(server.app_cpu())
    log.resident_bytes.append(server.memory())
    server.stop()


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


def _described(data: Path, maker: LogMaker, passes: list[Pass], making_seconds: float) -> KeyedLog:
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
    )


def _bytes_in(directory: Path, pattern: str) -> int:
    return sum(path.stat().st_size for path in directory.glob(pattern))
