"""Writes a run down: Markdown and plots to read, JSON to compute with, tables on the terminal."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table as Screen

from benchmarks.plot import draw
from benchmarks.ratios import judge
from benchmarks.results import Results
from benchmarks.table import Table
from benchmarks.tables import figure_tables, verdict_table
from benchmarks.verdict import Verdict


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _markdown(table: Table) -> str:
    lines = [f"## {table.title}", ""]
    lines.append("| " + " | ".join(table.headings) + " |")
    lines.append("|" + "---|" * len(table.headings))
    lines += ["| " + " | ".join(_cell(text) for text in row) + " |" for row in table.rows]
    return "\n".join(lines)


def _preface(results: Results) -> str:
    machine = results.machine
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    return f"""# Benchmark results ({results.plan} run)

Written by `python -m benchmarks`; do not edit. {results.rounds} interleaved rounds of
{results.seconds} s each, wrk with {results.connections} connections. Figures are medians over the
rounds; a ratio is taken inside each round, then the median. An operation is one reserve,
or one add to a cart. Server CPU is user and system time of the server's processes; PostgreSQL's own
processes are counted apart. Errors count every answer that was not a success, and what every
durable server has committed was compared with what wrk saw answered.

{machine.processor}, {machine.cores} cores, {machine.system}, Python {machine.python}, {libraries},
SQLite {machine.sqlite}. Disk: {machine.file_system}, {machine.sync_us:.0f} µs to append 4 KiB and
sync. Load average before the run: {machine.load_average:.2f}.
"""


def _faults(results: Results) -> list[str]:
    if not results.faults:
        return []
    return ["## Not to be trusted", "\n".join(f"- {fault}" for fault in results.faults)]


def write(results: Results, directory: Path, stem: str) -> list[Verdict]:
    """Write ``stem``.md, ``stem``.json and the plots into ``directory``; return the verdicts."""
    directory.mkdir(parents=True, exist_ok=True)
    verdicts = judge(results)
    pictures = draw(results, directory, stem)
    parts = [_preface(results), _markdown(verdict_table(verdicts)), *_faults(results)]
    parts += [_markdown(table) for table in figure_tables(results)]
    parts += [f"![{picture.stem}]({picture.name})" for picture in pictures]
    (directory / f"{stem}.md").write_text("\n\n".join(parts) + "\n")
    raw = {"results": results, "verdicts": verdicts}
    encoded = msgspec.json.format(msgspec.json.encode(raw), indent=1)
    (directory / f"{stem}.json").write_bytes(encoded + b"\n")
    return verdicts


def show(results: Results, verdicts: Sequence[Verdict], console: Console) -> None:
    """Print the tables, claims last, and what can't be trusted below them."""
    for table in [*figure_tables(results), verdict_table(verdicts)]:
        screen = Screen(title=table.title, title_justify="left")
        for heading in table.headings:
            screen.add_column(heading)
        for row in table.rows:
            screen.add_row(*row)
        console.print(screen)
    for fault in results.faults:
        console.print(f"[red]not to be trusted:[/red] {fault}")
