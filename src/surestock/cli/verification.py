"""An audit of the event log, told as a table."""

from pathlib import Path

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from surestock.cli.byte_progress import byte_progress
from surestock.cli.failing import FOUND_WRONG, fail, tell
from surestock.cli.place import Place
from surestock.journal.errors import JournalDamaged
from surestock.journal.scan import TornTail
from surestock.kit.clock import SystemClock
from surestock.runtime.offline import Audit, audit, existing_event_log, holder_of, log_bytes


def verify_log(place: Place) -> None:
    """Audit the log, print what it holds and ``clean``, or fail with where it is damaged.

    Raises ``NoEventLog``, ``UnknownFormat`` or ``OSError``.
    """
    clock = SystemClock()
    directory = existing_event_log(place.data_dir)
    holder = holder_of(directory)
    started = clock.monotonic()
    try:
        with byte_progress("Verifying", log_bytes(directory)) as progress:
            found = audit(directory, place.idempotency_ttl, progress)
    except JournalDamaged as damage:
        where = f"{damage.path}, line {damage.line}, byte {damage.offset}"
        fail(f"damaged: {where}: {damage.why}.", FOUND_WRONG)
    _show(found, directory, clock.monotonic() - started)
    if holder is not None:
        tell(f"note: {holder} works on this log; what it writes from now on was not looked at.")
    if found.torn is not None:
        tell(_torn(found.torn, holder))
    typer.echo("clean")


def _show(found: Audit, directory: Path, seconds: float) -> None:
    table = Table(title=str(directory), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "segments": found.segments,
        "lines (group commits)": found.lines,
        "records": found.records,
        "events": found.events,
        "stores": found.stores,
        "SKUs (store and SKU)": found.levels,
        "active reservations": found.active_reservations,
    }
    for name, number in rows.items():
        table.add_row(name, f"{number:,}")
    table.add_row("size", decimal(found.size_bytes))
    table.add_row("time", f"{seconds:,.2f} s")
    Console(markup=False, highlight=False).print(table)


def _torn(torn: TornTail, holder: str | None) -> str:
    likely = (
        "Most likely it was just being written: verify again."
        if holder is not None
        else "A crash cut a write short of which nobody was told; the next start sets it aside."
    )
    return (
        f"note: the last line of {torn.segment}, from byte {torn.offset} on, is torn ({torn.why}). "
        f"That is not damage. {likely}"
    )
