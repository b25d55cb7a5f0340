"""An audit of the data directory, told as a table."""

from pathlib import Path

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.table import Table

from surestock.cli.byte_progress import byte_progress
from surestock.cli.failing import FOUND_WRONG, fail, printable, tell
from surestock.cli.place import Place
from surestock.journal.errors import JournalDamaged
from surestock.journal.scan import TornTail
from surestock.kit.clock import SystemClock
from surestock.runtime.offline import (
    Audit,
    Finding,
    audit,
    audited_bytes,
    deleted_through,
    existing_event_log,
    holder_of,
)

_LETTERS_TOLD = 10


def verify_log(place: Place) -> None:
    """Audit the directory, print what it holds and ``clean``, or fail with what is damaged.

    Raises ``NoEventLog``, a ``JournalError`` or ``OSError``.
    """
    clock = SystemClock()
    directory = existing_event_log(place.data_dir)
    holder = holder_of(directory)
    started = clock.monotonic()
    try:
        with byte_progress("Verifying", audited_bytes(directory)) as progress:
            found = audit(
                directory, place.idempotency_ttl, clock, progress, archived=place.archived
            )
    except JournalDamaged as damage:
        fail(f"damaged: {_where(damage)}: {damage.why}.{_advice(place, damage)}", FOUND_WRONG)
    _show(found, directory, clock.monotonic() - started)
    _tell_notes(found, holder)
    for finding in found.findings:
        tell(f"damaged: {finding.path}: {printable(finding.why)}.")
    if found.findings:
        fail(_remedy(found.findings, found.base), FOUND_WRONG)
    typer.echo("clean")


def _where(damage: JournalDamaged) -> str:
    if not damage.path.exists():
        return str(damage.path)
    return f"{damage.path}, line {damage.line}, byte {damage.offset}"


def _advice(place: Place, damage: JournalDamaged) -> str:
    """Say what else a missing file may mean: that nobody was to keep it."""
    is_beginning = not damage.path.exists() and place.archived
    if not is_beginning or not deleted_through(existing_event_log(place.data_dir)):
        return ""
    return (
        " If the service runs with ARCHIVE=off, they were deleted on purpose: then verify with "
        "ARCHIVE=off, too."
    )


def _show(found: Audit, directory: Path, seconds: float) -> None:
    table = Table(title=str(directory), title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = {
        "segments": found.segments,
        "  of them archived": found.archived,
        "lines (group commits)": found.lines,
        "records": found.records,
        "events": found.events,
        "stores": found.stores,
        "SKUs (store and SKU)": found.levels,
        "active reservations": found.active_reservations,
        "snapshots equal to the replay": found.snapshots,
        "central SKUs equal to the replay": found.central_skus,
        "  not compared (dead letters)": found.diverged,
        "index runs, complete": found.runs,
        "  entries in them": found.entries,
    }
    for name, number in rows.items():
        table.add_row(name, f"{number:,}")
    table.add_row("size", decimal(found.size_bytes))
    table.add_row("time", f"{seconds:,.2f} s")
    Console(markup=False, highlight=False).print(table)


def _tell_notes(found: Audit, holder: str | None) -> None:
    if found.base is not None:
        tell(
            f"note: the log does not begin with record 1. What was deleted is taken from the "
            f"snapshot of record {found.base}, which only its own checksums prove; the records "
            "after it are replayed."
        )
    for letter in found.letters[:_LETTERS_TOLD]:
        tell(
            f"note: SKU {printable(letter.sku)} is diverged in the central view: dead letter "
            f"{letter.id} ({printable(letter.error)}), {letter.parked:,} changes wait behind it."
        )
    if len(found.letters) > _LETTERS_TOLD:
        tell(f"note: {len(found.letters) - _LETTERS_TOLD:,} more dead letters are open.")
    if holder is not None:
        tell(f"note: {holder} works on this log; what it writes from now on was not looked at.")
    if found.torn is not None:
        tell(_torn(found.torn, holder))


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


def _remedy(findings: list[Finding], base: int | None) -> str:
    """Say what is to be done about damage of what was made from a sound log."""
    folders = sorted({_folder(finding.path) for finding in findings})
    if base is not None and any(folder.name == "snapshots" for folder in folders):
        return (
            "the log is sound, but snapshots stand for records that were deleted from it. Delete "
            "the damaged file alone, as long as another snapshot is sound, or restore it from a "
            "backup."
        )
    names = ", ".join(str(folder) for folder in folders)
    return (
        f"the log is sound. What is damaged was made from it and will be made again: while no "
        f"server runs, delete {names}."
    )


def _folder(path: Path) -> Path:
    return path.parent if path.suffix else path
