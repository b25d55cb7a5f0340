"""``surestock history``: explain why a number is what it is."""

from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import DataDir, place_of


def history(
    store: Annotated[str, typer.Argument(help="The store's id.")],
    sku: Annotated[str, typer.Argument(help="The SKU.")],
    *,
    data_dir: DataDir = None,
    last: Annotated[
        int, typer.Option(min=0, help="How many of the newest events to show; 0 shows all.")
    ] = 100,
) -> None:
    """Explain a stock level: every event that touched it, oldest first, with the level after it.

    Archived events are shown as well. With ARCHIVE=off older ones are deleted, which is told.
    Exit code 1: the log is damaged. 2: there is no such SKU in that store, or no log.
    """
    from surestock.cli.explanation import explain_level  # noqa: PLC0415 - help must be quick

    with plainly():
        explain_level(place_of(data_dir), (store, sku), last)
