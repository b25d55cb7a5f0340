"""``surestock export``: every stock level, as a file that ``surestock import`` reads."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import DataDir, place_of
from surestock.cli.stock_format import Format, View


def export(
    what: Annotated[
        View, typer.Argument(help="stock: each SKU in each store. central: each SKU over all.")
    ] = View.STOCK,
    *,
    form: Annotated[
        Format, typer.Option("--format", help="json is one array, for other programs.")
    ] = Format.NDJSON,
    data_dir: DataDir = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to replace.", show_default="stdout")
    ] = None,
) -> None:
    """Write every stock level, or every SKU over all stores, without a server and without changes.

    stock is sorted by store and SKU; as ndjson or csv it can be imported again. central is sorted
    by SKU, as the central view has it once it is level with the log; its csv says in how many
    stores a SKU is, the other formats hold them. Exit code 1: the log is damaged. 2: there is none,
    or the file cannot be written.
    """
    from surestock.cli.stock_list import write_stock  # noqa: PLC0415 - help must be quick

    with plainly():
        write_stock(place_of(data_dir), what, form, out)
