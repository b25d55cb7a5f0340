"""The tables of the derived side, as rows of text."""

from collections.abc import Sequence
from statistics import median

from benchmarks.derived.figures import Derived, Fold
from benchmarks.table import Table

_MIB = 1024 * 1024


def derived_tables(found: Derived) -> list[Table]:
    """Return every table; one without rows was not measured."""
    return [
        _disturbances(found),
        _starts(found),
        _folds("The fold, in one process", found.folds),
        _catch_ups(found),
        _shares(found),
        _keyed_logs(found),
        _lookups(found),
    ]


def _disturbances(found: Derived) -> Table:
    headings = (
        "round",
        "SKUs",
        "p99 ms without",
        "p99 ms with",
        "p50 ms without",
        "p50 ms with",
        "requests/s without",
        "requests/s with",
        "most requests/s",
        "whole snapshots",
        "s each",
        "of the window",
    )
    rows = [
        (
            str(it.round),
            f"{it.skus:,}",
            f"{it.calm_p99_ms:.2f}",
            f"{it.busy_p99_ms:.2f}",
            f"{it.calm_p50_ms:.2f}",
            f"{it.busy_p50_ms:.2f}",
            f"{it.calm_requests_per_second:,.0f}",
            f"{it.busy_requests_per_second:,.0f}",
            f"{it.most_requests_per_second:,.0f}",
            str(it.snapshots),
            f"{it.snapshot_seconds:.1f}",
            f"{it.busy_share:.0%}",
        )
        for it in found.disturbances
    ]
    return Table("Durable reserves while a snapshot is taken, and without", headings, rows)


def _starts(found: Derived) -> Table:
    headings = ("round", "SKUs", "events", "archived segments", "from snapshot s", "from log s")
    rows = [
        (
            str(it.round),
            f"{it.skus:,}",
            f"{it.events:,}",
            str(it.archived_segments),
            f"{it.from_snapshot_seconds:.2f}",
            f"{it.from_log_seconds:.2f}",
        )
        for it in found.snapshot_starts
    ]
    return Table("Start from a snapshot, and from the log that it stands for", headings, rows)


def _folds(title: str, folds: Sequence[Fold]) -> Table:
    headings = ("SKUs", "events a round", "CPU ms per 1,000 events", "fastest to slowest round")
    rows = []
    for skus in sorted({it.skus for it in folds}):
        own = [it for it in folds if it.skus == skus]
        costs = [it.cpu_ms_per_1000 for it in own]
        rows.append(
            (
                f"{skus:,}",
                f"{median(it.events for it in own):,.0f}",
                f"{median(costs):.2f}",
                f"{min(costs):.2f} to {max(costs):.2f}",
            )
        )
    return Table(title, headings, rows)


def _catch_ups(found: Derived) -> Table:
    headings = (
        "round",
        "SKUs",
        "events",
        "API commits events/s",
        "worker folds events/s",
        "worker CPU ms per 1,000",
    )
    rows = [
        (
            str(it.round),
            f"{it.skus:,}",
            f"{it.events:,}",
            f"{it.committed_per_second:,.0f}",
            f"{it.folded_per_second:,.0f}",
            f"{it.worker_cpu_ms_per_1000:.2f}",
        )
        for it in found.catch_ups
    ]
    return Table("A worker that catches up with single reserves", headings, rows)


def _shares(found: Derived) -> Table:
    headings = ("round", "API alone µs", "API with worker µs", "ratio", "worker and upkeep µs")
    rows = [
        (
            str(it.round),
            f"{it.alone_us:.1f}",
            f"{it.with_worker_us:.1f}",
            f"{it.ratio:.2f}",
            f"{it.worker_us:.1f}",
        )
        for it in found.worker_shares
    ]
    return Table("CPU per single reserve, with a worker beside the API and without", headings, rows)


def _keyed_logs(found: Derived) -> Table:
    headings = (
        "keys",
        "records",
        "log MiB",
        "archive MiB",
        "index MiB",
        "runs of keys",
        "made in s",
        "upkeep CPU s",
        "upkeep MiB",
        "median start s",
        "CPU s",
        "resident MiB",
    )
    rows = [
        (
            f"{it.keys:,}",
            f"{it.records:,}",
            f"{it.log_bytes / _MIB:,.0f}",
            f"{it.archive_bytes / _MIB:,.0f}",
            f"{it.index_bytes / _MIB:,.0f}",
            str(it.key_runs),
            f"{it.making_seconds:.0f}",
            f"{it.upkeep_cpu_seconds:.0f}",
            f"{it.upkeep_peak_bytes / _MIB:.0f}",
            f"{median(it.start_seconds):.2f}",
            f"{median(it.start_cpu_seconds):.2f}",
            f"{max(it.resident_bytes) / _MIB:.0f}",
        )
        for it in found.keyed_logs
    ]
    return Table("Idempotency keys within their time to live", headings, rows)


def _lookups(found: Derived) -> Table:
    headings = (
        "keys",
        "lookups",
        "over HTTP p50 ms",
        "p99 ms",
        "in one process p50 ms",
        "p99 ms",
        "CPU p99 ms",
        "first of a segment ms",
        "resident MiB after",
        "without keys MiB",
    )
    it = found.key_lookups
    rows = (
        []
        if it is None
        else [
            (
                f"{it.keys:,}",
                f"{it.over_http:,}",
                f"{it.http_p50_ms:.2f}",
                f"{it.http_p99_ms:.2f}",
                f"{it.lookup_p50_ms:.2f}",
                f"{it.lookup_p99_ms:.2f}",
                f"{it.lookup_cpu_p99_ms:.2f}",
                f"{it.first_lookup_ms:.2f}",
                f"{it.resident_bytes / _MIB:.0f}",
                f"{it.without_keys_bytes / _MIB:.0f}",
            )
        ]
    )
    return Table("Answers that were given long ago", headings, rows)
