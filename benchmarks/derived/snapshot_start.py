"""Starts of one data directory in turns: from its snapshot, and from the whole log and archive."""

from collections.abc import Callable
from pathlib import Path

from benchmarks.contender import start_surestock
from benchmarks.derived.figures import SnapshotStart
from benchmarks.plan import Plan


def run_snapshot_starts(
    plan: Plan, stocked: Path, events: int, advance: Callable[[str], None]
) -> list[SnapshotStart]:
    """Start in each round of the plan on the server directory ``stocked``."""
    data = stocked / "data"
    snapshots, aside = data / "snapshots", stocked / "snapshots-aside"
    archived = len(list((data / "archive").glob("*.ndjson.gz")))
    found: list[SnapshotStart] = []
    for round_number in range(1, plan.rounds + 1):
        advance(f"round {round_number} of {plan.rounds}: a start from a snapshot, from the log")
        quick = _start_seconds(stocked)
        snapshots.rename(aside)
        slow = _start_seconds(stocked)
        aside.rename(snapshots)
        found.append(
            SnapshotStart(
                round=round_number,
                skus=plan.snapshot_skus,
                events=events,
                archived_segments=archived,
                from_snapshot_seconds=quick,
                from_log_seconds=slow,
            )
        )
    return found


def _start_seconds(stocked: Path) -> float:
    server = start_surestock(stocked, "api")
    server.stop()
    return server.start_seconds
