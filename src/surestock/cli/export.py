"""``surestock export``: every stock level, as a file that ``surestock import`` reads."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import DataDir, place_of
from surestock.cli.stock_format import Format


def export(
    *,
    form: Annotated[
        Format, typer.Option("--format", help="json is one array, for other programs.")
    ] = Format.NDJSON,
    data_dir: DataDir = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to replace.", show_default="stdout")
    ] = None,
) -> None:
    """Write every stock level, sorted by store and SKU, without a server and without changes.

    ndjson and csv can be imported again. Exit code 1: the log is damaged. 2: there is none, or
    the file cannot be written.
    """
    from surestock.cli.stock_list import write_levels  # noqa: PLC0415 - help must be quick

    with plainly():
        write_levels(place_of(data_dir), form, out)
