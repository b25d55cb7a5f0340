"""``surestock import``: take over stock counts from a file."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import DataDir, place_of


def import_counts(
    file: Annotated[
        Path,
        typer.Argument(
            help="FILE.csv or FILE.ndjson: storeId, sku, onHand, and a reason if you like."
        ),
    ],
    *,
    data_dir: DataDir = None,
    url: Annotated[
        str | None,
        typer.Option(help="Import through a running server, such as http://127.0.0.1:3000."),
    ] = None,
) -> None:
    """Record stock counts: into a data directory that no server uses, or with --url over HTTP.

    Each row stands alone: a bad one is named by its line and changes nothing, the others go on.
    Rows carry an idempotency key made from the file's content and the line, so after an
    interruption the same command goes on where it stopped (within IDEMP_TTL_MS, default 24 h).
    Columns that export adds (qty, reserved, version, updatedAt) are left aside.
    Exit code 1: a row failed, or the import stopped. 2: nothing was imported.
    """
    from surestock.cli.counting.run import import_file  # noqa: PLC0415 - help must be quick

    with plainly():
        import_file(file, place_of(data_dir), url)
