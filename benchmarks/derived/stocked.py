"""A data directory with many SKUs and two snapshots, the older of which covers an archive.

The newer snapshot is what becomes due after as many events as the default says: whoever deletes it
and lets upkeep run sees it taken again, from the older one and the events after that.
"""

from pathlib import Path
from typing import Final

from benchmarks.derived.log_maker import LogMaker, Span
from benchmarks.derived.upkeep import Pass, run_upkeep
from benchmarks.errors import UnsoundMeasurement
from benchmarks.plan import Plan
from surestock.snapshot import snapshot_path

_LIVE_PAIRS: Final = 25


def make_stocked(data: Path, plan: Plan) -> int:
    """Make it, and return how many events are in its log."""
    events, skus = plan.snapshot_events, plan.snapshot_skus
    maker = LogMaker(data, Span.until_now(skus + events, 1))
    maker.count(skus)
    maker.seal()
    maker.reserve_and_release(_LIVE_PAIRS, keyed=False)
    maker.flush()
    _require_snapshot(run_upkeep(data, events), skus)
    maker.reserve_and_release(events // 2 - _LIVE_PAIRS, keyed=False)
    maker.seal()
    maker.reserve_and_release(_LIVE_PAIRS, keyed=False)
    maker.close()
    _require_snapshot(run_upkeep(data, events), skus + events)
    return maker.sequence


def snapshot_again(data: Path, plan: Plan) -> Pass:
    """Take the newer snapshot anew, as upkeep takes it when it is due."""
    due = plan.snapshot_skus + plan.snapshot_events
    snapshot_path(data / "snapshots", due).unlink()
    taken = run_upkeep(data, plan.snapshot_events)
    _require_snapshot(taken, due)
    return taken


def _require_snapshot(done: Pass, sequence: int) -> None:
    if done.done.snapshot != sequence:
        raise UnsoundMeasurement(f"upkeep took no snapshot at record {sequence}: {done.done}")
