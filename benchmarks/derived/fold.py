"""What a fold costs among few SKUs and among many: the worker's own code, in this process.

The worker's keeper reads the log through its tail, some megabytes at a time, and applies it to the
view. Rounds alternate between the sizes; the events of a round are written before it.
"""

import gc
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from benchmarks.derived.figures import Fold
from benchmarks.derived.log_maker import LogMaker, Span
from benchmarks.errors import UnsoundMeasurement
from benchmarks.plan import Plan
from surestock.kit.clock import SystemClock
from surestock.sync.keeper import CentralKeeper, Folders
from surestock.telemetry.log import make_log


class _View(Struct):
    skus: int
    maker: LogMaker
    keeper: CentralKeeper


def run_folds(plan: Plan, scratch: Path, advance: Callable[[str], None]) -> list[Fold]:
    """Fold the plan's events a round over each of its two sizes; the first round warms up."""
    advance("folding into the central view")
    views = [_view(scratch / f"fold-{skus}", skus) for skus in plan.fold_skus]
    gc.collect()
    found: list[Fold] = []
    for round_number in range(plan.rounds + 1):
        for view in views if round_number % 2 else reversed(views):
            measured = _fold(view, plan.fold_events, round_number)
            if round_number:
                found.append(measured)
    for view in views:
        view.maker.close()
    return found


def _view(data: Path, skus: int) -> _View:
    maker = LogMaker(data, Span.until_now(10 * skus, 1))
    maker.count(skus)
    frontier = maker.flush()
    folders = Folders(data / "event-log", data / "archive", data / "snapshots", data / "central")
    log = make_log(_refuse, SystemClock(), "warning")
    keeper = CentralKeeper(folders, lambda: datetime.now(UTC), log)
    keeper.rebuild()
    while keeper.fold(frontier):
        pass
    return _View(skus, maker, keeper)


def _refuse(line: bytes) -> None:
    raise UnsoundMeasurement(f"the fold complained: {line!r}")


def _fold(view: _View, events: int, round_number: int) -> Fold:
    keeper = view.keeper
    view.maker.reserve_and_release(events // 2, keyed=True)
    frontier = view.maker.flush()
    before = keeper.applied_sequence
    begun = time.process_time()
    while keeper.fold(frontier):
        pass
    seconds = time.process_time() - begun
    if keeper.applied_sequence != frontier.sequence or keeper.opened_letters:
        raise UnsoundMeasurement("not every event was folded")
    folded = keeper.applied_sequence - before
    return Fold(
        round=round_number,
        skus=view.skus,
        events=folded,
        cpu_ms_per_1000=seconds / folded * 1e6,
    )
