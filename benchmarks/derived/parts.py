"""The parts of the derived side, by the names under which they are asked for."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.derived.catch_up import run_catch_ups
from benchmarks.derived.disturbance import run_disturbances
from benchmarks.derived.figures import Derived
from benchmarks.derived.fold import run_folds
from benchmarks.derived.keys import CHUNKS, run_keys
from benchmarks.derived.snapshot_start import run_snapshot_starts
from benchmarks.derived.stocked import make_stocked
from benchmarks.derived.worker_share import run_worker_shares
from benchmarks.plan import Plan

Advance = Callable[[str], None]

DERIVED_PARTS: Final = frozenset({"snapshot", "fold", "worker", "keys"})


def derived_steps(plan: Plan, chosen: frozenset[str]) -> int:
    """Return how many texts :func:`run_derived` tells."""
    steps = {
        "snapshot": 2 + 2 * plan.rounds,
        "fold": 1 + len(plan.fold_skus) * (plan.rounds + 2),
        "worker": plan.rounds + 1,
        "keys": CHUNKS + 1 + plan.rounds,
    }
    return sum(steps[part] for part in chosen & DERIVED_PARTS)


def run_derived(plan: Plan, chosen: frozenset[str], scratch: Path, advance: Advance) -> Derived:
    """Run the parts that ``chosen`` names; ``advance`` hears each step.

    Raises SetupError and UnsoundMeasurement.
    """
    found = Derived()
    if "snapshot" in chosen:
        advance(f"a log of {plan.snapshot_skus:,} SKUs, with snapshots")
        stocked = scratch / "stocked"
        events = make_stocked(stocked / "data", plan)
        found.snapshot_starts = run_snapshot_starts(plan, stocked, events, advance)
        found.disturbances = run_disturbances(plan, stocked, advance)
    if "fold" in chosen:
        found.folds = run_folds(plan, scratch, advance)
        found.catch_ups = run_catch_ups(plan, scratch, advance)
    if "worker" in chosen:
        found.worker_shares = run_worker_shares(plan, scratch, advance)
    if "keys" in chosen:
        found.keyed_logs, found.key_lookups = run_keys(plan, scratch, advance)
    return found
