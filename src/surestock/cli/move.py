"""A move, with a bar for each of its two halves, and the proof as a table."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

import typer
from msgspec.structs import replace
from rich.console import Console
from rich.table import Table

from surestock.cli.byte_progress import byte_progress
from surestock.cli.database_url import at_database, database_of, sound_url
from surestock.cli.failing import FOUND_WRONG, IMPOSSIBLE, fail, tell
from surestock.cli.record_progress import record_progress
from surestock.database import DatabaseUnfit
from surestock.journal.errors import JournalHeld
from surestock.kit.clock import SystemClock
from surestock.runtime.errors import StartRefused
from surestock.runtime.log_config import log_config
from surestock.runtime.moving import (
    MoveUnproved,
    Proof,
    move_to_database,
    move_to_log,
    moving_config,
)
from surestock.runtime.offline import existing_event_log
from surestock.runtime.offline.tables import RecordsDamaged
from surestock.runtime.settings import Settings, read_settings

_INTERRUPTED: Final = 130
_AGAIN: Final = " Give the same command again: it goes on."
_SETTING: Final = "DATABASE_URL"
_SCHEMES: Final = ("postgres://", "postgresql://")


def move_between(source: str, target: str) -> None:
    """Move from one place to another, and print the proof. Ends the command unless it holds.

    Raises a ``SurestockError`` or ``OSError``.
    """
    is_from, is_to = _is_database(source), _is_database(target)
    if is_from == is_to:
        raise StartRefused(
            "A move is between a data directory and a database: name one of each with --from and "
            "--to."
        )
    settings = read_settings()
    url = _url(target if is_to else source)
    with ExitStack() as bars, at_database(url, _AGAIN), _ending():
        watcher = _Bars(bars)
        if is_to:
            moving = _into_database(Path(source), url, settings, watcher)
        else:
            moving = _into_log(url, Path(target), settings, watcher)
        proof = asyncio.run(moving)
    _show(proof)
    typer.echo("equal")
    tell("serve from one of the two only: what one of them records from now on, the other lacks.")


@contextmanager
def _ending() -> Iterator[None]:
    """Turn what may end a move into its sentence and its exit code."""
    try:
        yield
    except DatabaseUnfit as error:
        fail(f"The database cannot be used: {error}.", IMPOSSIBLE)
    except JournalHeld as error:
        fail(str(error), IMPOSSIBLE)
    except (MoveUnproved, RecordsDamaged) as error:
        fail(str(error), FOUND_WRONG)
    except KeyboardInterrupt:
        fail(f"interrupted.{_AGAIN}", _INTERRUPTED)


def _into_database(
    data_dir: Path, url: str, settings: Settings, watcher: "_Bars"
) -> Coroutine[Any, Any, Proof]:
    config = replace(log_config(settings), directory=existing_event_log(data_dir))
    return move_to_database(config, moving_config(url), SystemClock(), watcher)


def _into_log(
    url: str, data_dir: Path, settings: Settings, watcher: "_Bars"
) -> Coroutine[Any, Any, Proof]:
    config = log_config(settings)
    return move_to_log(url, data_dir, config.append, config.idempotency_ttl, SystemClock(), watcher)


def _is_database(place: str) -> bool:
    return place == _SETTING or place.startswith(_SCHEMES)


def _url(place: str) -> str:
    return database_of(None) if place == _SETTING else sound_url(place)


class _Bars:
    """Shows how far each half is."""

    def __init__(self, bars: ExitStack) -> None:
        self._bars = bars
        self.reached: Callable[[int], None] = lambda _: None

    def begun(self, size: int, *, proving: bool, unit: Literal["bytes", "records"]) -> None:
        """Begin a bar, in place of the one before."""
        self._bars.close()
        bar = byte_progress if unit == "bytes" else record_progress
        self.reached = self._bars.enter_context(bar("Proving" if proving else "Moving", size))

    def goes_on(self, through: int) -> None:
        """Say that an earlier run is gone on with."""
        tell(f"records up to {through:,} were moved by an earlier run; going on behind them.")

    def torn(self, where: str) -> None:
        """Say what was left out."""
        tell(f"note: a torn tail at {where} was left out; it holds nothing acknowledged.")


def _show(proof: Proof) -> None:
    table = Table(title="Equal on both sides", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, number in proof.equal.items():
        table.add_row(name, f"{number:,}")
    table.add_row("digest of the records", proof.digest)
    table.add_row("records moved by this run", f"{proof.moved:,}")
    table.add_row("  moved in", _pace(proof.moved, proof.moving_s))
    table.add_row("  read back and proved in", _pace(proof.proved, proof.proving_s))
    Console(markup=False, highlight=False).print(table)


def _pace(records: int, seconds: float) -> str:
    return f"{seconds:,.2f} s ({records / max(seconds, 0.001):,.0f} records/s)"
