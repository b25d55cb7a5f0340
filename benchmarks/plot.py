"""Plots of one run as SVG: throughput and CPU side by side, start-up against log length."""

from pathlib import Path
from typing import Final

import matplotlib as mpl
from matplotlib.figure import Figure

from benchmarks.results import Results
from benchmarks.summary import Row, summarise

_OURS: Final = "#2a6f97"
_PEERS: Final = "#a9a9a9"
_DATABASE: Final = "#d8b26e"
_PEER_LETTERS: Final = frozenset({"a", "a'", "e", "e'", "f"})


def _colours(rows: list[Row]) -> list[str]:
    return [_PEERS if row.letter in _PEER_LETTERS else _OURS for row in rows]


def _save(figure: Figure, directory: Path, name: str) -> Path:
    """Write the figure so that the same figures give the same file."""
    target = directory / f"{name}.svg"
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(target, metadata={"Date": None})
    return target


def _contest(results: Results) -> Figure:
    rows = summarise(results.samples, results.titles)[::-1]
    labels = [f"({row.letter}) {row.title}" for row in rows]
    figure = Figure(figsize=(11, 0.45 * len(rows) + 1.4), layout="constrained")
    speed, cpu = figure.subplots(1, 2, sharey=True)
    bars = speed.barh(labels, [row.operations_per_second for row in rows], color=_colours(rows))
    speed.bar_label(bars, fmt="{:,.0f}", padding=3)
    speed.set_xscale("log")
    speed.margins(x=0.25)
    speed.set_title("operations/s (log scale)")
    cpu.barh(labels, [row.app_cpu_us for row in rows], color=_colours(rows))
    bars = cpu.barh(
        labels,
        [row.database_cpu_us for row in rows],
        left=[row.app_cpu_us for row in rows],
        color=_DATABASE,
        label="PostgreSQL's processes",
    )
    cpu.bar_label(bars, [f"{row.app_cpu_us + row.database_cpu_us:,.0f}" for row in rows], padding=3)
    cpu.set_xlim(right=1.25 * max(row.app_cpu_us + row.database_cpu_us for row in rows))
    cpu.set_title("CPU µs per operation")
    if any(row.database_cpu_us for row in rows):
        cpu.legend(loc="best", frameon=False)
    return figure


def _growth(results: Results) -> Figure:
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    start, cost = figure.subplots(1, 2)
    events = [each.events for each in results.starts]
    start.plot(events, [each.median_seconds for each in results.starts], "o-", color=_OURS)
    start.set(xscale="log", xlabel="events in the log", title="start, s")
    start.set_ylim(bottom=0)
    letters = {sample.letter: sample.letter for sample in results.scale_samples}
    rows = sorted(summarise(results.scale_samples, letters), key=lambda row: len(row.letter))
    bars = cost.bar([row.letter for row in rows], [row.app_cpu_us for row in rows], color=_OURS)
    cost.bar_label(bars, fmt="{:,.0f}")
    cost.margins(y=0.1)
    cost.set_title("server CPU µs per durable reserve")
    return figure


def draw(results: Results, directory: Path, stem: str) -> list[Path]:
    """Write the plots of the parts that ran, and return the files."""
    files: list[Path] = []
    if results.samples:
        files.append(_save(_contest(results), directory, f"{stem}-contenders"))
    if results.starts or results.scale_samples:
        files.append(_save(_growth(results), directory, f"{stem}-growth"))
    return files
