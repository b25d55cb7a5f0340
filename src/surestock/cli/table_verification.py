"""An audit of the database, told as a table."""

import asyncio

import typer
from rich.console import Console
from rich.table import Table

from surestock.cli.database_url import at_database
from surestock.cli.failing import FOUND_WRONG, fail, printable, tell
from surestock.cli.place import Place
from surestock.cli.record_progress import record_progress
from surestock.database import DatabaseConfig
from surestock.kit.clock import SystemClock
from surestock.runtime.offline.tables import (
    RecordsDamaged,
    TablesAudit,
    audit_tables,
    count_records,
    one_snapshot,
)

_SKUS_TOLD = 10


def verify_tables(place: Place, url: str) -> None:
    """Audit the database, print what it holds and ``clean``, or fail with what is damaged."""
    clock = SystemClock()
    started = clock.monotonic()
    where = DatabaseConfig(url).place()
    try:
        with at_database(url):
            found = asyncio.run(_audit(place, url))
    except RecordsDamaged as damage:
        fail(f"damaged: {where}: {printable(str(damage))}", FOUND_WRONG)
    _show(found, where, clock.monotonic() - started)
    _tell_notes(found)
    for finding in found.findings:
        tell(f"damaged: table {finding.table}: {printable(finding.why)}.")
    if found.findings:
        fail(
            "the records are sound, and what follows from them is not as they say. Stop all "
            "servers, move the records into a data directory and from there into an empty "
            "database, or restore the database from a backup.",
            FOUND_WRONG,
        )
    typer.echo("clean")


async def _audit(place: Place, url: str) -> TablesAudit:
    async with one_snapshot(url) as connection:
        with record_progress("Verifying", await count_records(connection)) as progress:
            return await audit_tables(connection, place.idempotency_ttl, SystemClock(), progress)


def _show(found: TablesAudit, where: str, seconds: float) -> None:
    table = Table(title=where, title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    fold = found.fold
    rows = {
        "records": fold.totals.records,
        "events": fold.events,
        "stores": len({store_id for store_id, _ in fold.books.levels}),
        "SKUs (store and SKU)": len(fold.books.levels),
        "  versions of them": fold.totals.versions,
        "active reservations": len(fold.books.reservations),
        "  units held until a time": found.holds,
        "ended reservations": fold.totals.ended,
        "products, carts, checkouts": len(fold.books.documents),
        "idempotency keys": found.answers,
        "central SKUs equal to the replay": found.central_skus,
        "  not compared (dead letters)": len(found.doubted),
        "  records that it has not folded yet": found.sequence - found.central_sequence,
    }
    for name, number in rows.items():
        table.add_row(name, f"{number:,}")
    table.add_row("digest of the records", fold.digest)
    table.add_row("time", f"{seconds:,.2f} s")
    Console(markup=False, highlight=False).print(table)


def _tell_notes(found: TablesAudit) -> None:
    if found.base is not None:
        tell(
            f"note: the records do not begin with the first. What was deleted before they were "
            f"moved here is taken from the state after record {found.base}, which nothing proves; "
            "the records after it are replayed."
        )
    for sku in found.doubted[:_SKUS_TOLD]:
        tell(f"note: SKU {printable(sku)} is diverged in the central view: see its dead letters.")
    if len(found.doubted) > _SKUS_TOLD:
        tell(f"note: {len(found.doubted) - _SKUS_TOLD:,} more SKUs are diverged.")
