"""The tables of a report as plain rows of text, whatever they are then printed on."""

from collections.abc import Sequence

from benchmarks.derived.tables import derived_tables
from benchmarks.ratios import ON_POSTGRES, SHARING, Comparison, compare
from benchmarks.results import Results
from benchmarks.rounds import Sample
from benchmarks.summary import summarise
from benchmarks.table import Table
from benchmarks.verdict import Verdict

_KIB = 1024
_MIB = 1024 * 1024


def _contest(title: str, samples: Sequence[Sample], titles: dict[str, str]) -> Table:
    headings = (
        "",
        "contender",
        "requests/s",
        "operations/s",
        "slowest to fastest round",
        "server CPU µs/op",
        "database CPU µs/op",
        "p50 ms",
        "p99 ms",
        "errors",
        "held",
        "wrk CPU",
    )
    rows = [
        (
            row.letter,
            row.title,
            f"{row.requests_per_second:,.0f}",
            f"{row.operations_per_second:,.0f}",
            f"{row.slowest:,.0f} to {row.fastest:,.0f}",
            f"{row.app_cpu_us:,.1f}",
            f"{row.database_cpu_us:,.1f}" if row.database_cpu_us else "–",
            f"{row.p50_ms:,.1f}",
            f"{row.p99_ms:,.1f}",
            str(row.errors),
            f"{row.held_share:.2%}" if row.held_share else "–",
            f"{row.wrk_cpu_share:.0%}",
        )
        for row in summarise(samples, titles)
    ]
    return Table(title, headings, rows)


def _stocked(results: Results) -> Table:
    headings = ("SKUs", "start s", "empty MiB", "filled MiB", "restarted MiB", "KiB/SKU worst")
    rows = [
        (
            f"{each.skus:,}",
            f"{each.start_seconds:.2f}",
            f"{each.empty_bytes / _MIB:.0f}",
            f"{each.filled_bytes / _MIB:.0f}",
            f"{each.restarted_bytes / _MIB:.0f}",
            f"{each.worst_each / _KIB:.2f}",
        )
        for each in results.stocked
    ]
    return Table("Memory and start against the number of SKUs", headings, rows)


def _starts(results: Results) -> Table:
    headings = ("events", "log MiB", "median start s", "worst start s", "resident MiB")
    rows = [
        (
            f"{each.events:,}",
            f"{each.log_bytes / _MIB:.1f}",
            f"{each.median_seconds:.2f}",
            f"{each.worst_seconds:.2f}",
            f"{each.resident_bytes / _MIB:.0f}",
        )
        for each in results.starts
    ]
    return Table("Start against the length of the log", headings, rows)


def _reservations(results: Results) -> Table:
    headings = ("active reservations", "SKUs", "bytes each, live", "bytes each, restarted")
    kept = results.reservations
    rows = (
        []
        if kept is None
        else [
            (
                f"{kept.reservations:,}",
                f"{kept.skus:,}",
                f"{kept.live_each:,.0f}",
                f"{kept.restarted_each:,.0f}",
            )
        ]
    )
    return Table("Memory of reservations", headings, rows)


def _amount(value: float, unit: str) -> str:
    return f"{value:,.0f} {unit}" if unit == "B" else f"{value:.2f} {unit}"


def _ratios(title: str, results: Results, comparisons: Sequence[Comparison]) -> Table:
    rows = [
        (each.what, f"{each.median:.2f} ×", f"{each.least:.2f} to {each.most:.2f}")
        for each in compare(results.samples, comparisons)
    ]
    return Table(title, ("ratio", "measured", "over the rounds"), rows)


def verdict_table(verdicts: Sequence[Verdict]) -> Table:
    """Return the claims with bound, measured value and outcome."""
    rows = [
        (
            verdict.claim,
            ("≥ " if verdict.at_least else "≤ ") + f"{verdict.bound:,g} {verdict.unit}".strip(),
            "–" if verdict.value is None else _amount(verdict.value, verdict.unit),
            "–" if verdict.spread is None else "{:.2f} to {:.2f}".format(*verdict.spread),
            verdict.outcome,
        )
        for verdict in verdicts
    ]
    return Table("Claims", ("claim", "bound", "measured", "over the rounds", "outcome"), rows)


def figure_tables(results: Results) -> list[Table]:
    """Return the tables of all figures; those of parts that did not run are left out."""
    sizes = {sample.letter: "durable reserve" for sample in results.scale_samples}
    sizes = dict(sorted(sizes.items(), key=lambda item: len(item[0])))
    tables = [
        _contest("Contenders", results.samples, results.titles),
        _ratios("Locks, and a second process", results, SHARING),
        _ratios("ENGINE=postgres", results, ON_POSTGRES),
        _contest("Cost per write against the number of SKUs", results.scale_samples, sizes),
        _stocked(results),
        _starts(results),
        _reservations(results),
        *derived_tables(results.derived),
    ]
    return [table for table in tables if table.rows]
