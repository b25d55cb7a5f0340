"""The command line: ``python -m benchmarks [--quick] [--only a,b,scale]``.

Exit 0: measured. Exit 1: a server failed or a figure can't be trusted. Exit 2: something that
the machine must provide is missing, said in one sentence.
"""

import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.derived.parts import derived_steps
from benchmarks.errors import SetupError, UnsoundMeasurement
from benchmarks.load import find_wrk
from benchmarks.plan import FULL, QUICK, Plan
from benchmarks.report import show, write
from benchmarks.scratch import scratch_directory
from benchmarks.session import LETTERS, PARTS, run

_RESULTS: Final = Path(__file__).parent / "results"
_VARIANTS: Final = 2
"""How many rows each of ``_VARIED`` stands for."""
_VARIED: Final = "abdejklno"

app: Final = typer.Typer(add_completion=False)


def _chosen(only: str) -> frozenset[str]:
    if not only:
        return LETTERS | PARTS
    asked = frozenset(part.strip() for part in only.split(","))
    unknown = asked - LETTERS - PARTS
    if unknown:
        known = ", ".join([*sorted(LETTERS), *sorted(PARTS)])
        raise SetupError(
            f"There is nothing called {', '.join(sorted(unknown))}; choose of {known}."
        )
    return asked


def _steps(plan: Plan, chosen: frozenset[str]) -> int:
    contenders = sum(_VARIANTS if letter in _VARIED else 1 for letter in chosen & LETTERS)
    steps = contenders * (plan.rounds + 2)
    if "scale" in chosen:
        steps += len(plan.scale_skus) * (plan.rounds + 2)
    if "start" in chosen:
        steps += len(plan.log_lengths)
    return steps + ("memory" in chosen) + derived_steps(plan, chosen)


def _measure(plan: Plan, chosen: frozenset[str], scratch: Path | None, results: Path) -> int:
    find_wrk()
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with scratch_directory(scratch) as place, Progress(*columns, console=console) as progress:
        task = progress.add_task("describing the machine", total=_steps(plan, chosen))

        def advance(text: str) -> None:
            progress.update(task, description=text, advance=1)

        found = run(plan, chosen, place, advance)
    whole = chosen == LETTERS | PARTS
    verdicts = write(found, results, plan.name if whole else "partial")
    show(found, verdicts, Console(width=None if sys.stdout.isatty() else 200))
    return 1 if found.faults else 0


@app.command()
def bench(
    *,
    quick: Annotated[bool, typer.Option(help="A short run: shows that all works.")] = False,
    only: Annotated[
        str,
        typer.Option(
            help="Of a to o, scale, start, memory, snapshot, fold, worker, keys; with commas."
        ),
    ] = "",
    keys: Annotated[
        int, typer.Option(help="How many idempotency keys, in place of the plan's.", min=0)
    ] = 0,
    scratch: Annotated[
        Path | None, typer.Option(help="Where the servers' data goes: a directory on a disk.")
    ] = None,
    results: Annotated[Path, typer.Option(help="Where tables and plots go.")] = _RESULTS,
) -> None:
    """Measure Surestock next to its peers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    plan = QUICK if quick else FULL
    try:
        code = _measure(replace(plan, keys=keys or plan.keys), _chosen(only), scratch, results)
    except SetupError as missing:
        typer.echo(str(missing), err=True)
        code = 2
    except UnsoundMeasurement as unsound:
        typer.echo(str(unsound), err=True)
        code = 1
    raise typer.Exit(code)
