"""``surestock import``: take over stock counts from a file."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import IMPOSSIBLE, fail, plainly
from surestock.cli.place import DataDir, place_of


def _of_environment(context: typer.Context, key: str | None) -> str | None:
    """Take the key out of the environment, and refuse it as an argument."""
    source = context.get_parameter_source("key")
    if source is not None and source.name == "COMMANDLINE":
        fail(
            "Everybody on this machine can read arguments: put the key into a file and name it "
            "with --key-file, or into SURESTOCK_KEY. Then revoke the one that was shown.",
            IMPOSSIBLE,
        )
    return key


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
    key_file: Annotated[
        Path | None,
        typer.Option(
            help="With --url: the file that holds your API key.", show_default="SURESTOCK_KEY"
        ),
    ] = None,
    key: Annotated[
        str | None, typer.Option(hidden=True, envvar="SURESTOCK_KEY", callback=_of_environment)
    ] = None,
) -> None:
    """Record stock counts: into a data directory that no server uses, or with --url over HTTP.

    With ENGINE=postgres, it is --url: any of its servers will do.
    Each row stands alone: a bad one is named by its line and changes nothing, the others go on.
    Rows carry an idempotency key made from the file's content and the line, so after an
    interruption the same command goes on where it stopped (within IDEMP_TTL_MS, default 24 h).
    Columns that export adds (qty, reserved, version, updatedAt) are left aside.
    Exit code 1: a row failed, or the import stopped. 2: nothing was imported.
    """
    from surestock.cli.counting.client_key import client_key  # noqa: PLC0415 - help must be quick
    from surestock.cli.counting.run import import_file  # noqa: PLC0415 - the same

    if key_file is not None and url is None:
        fail("A key is for a server: say which with --url.", IMPOSSIBLE)
    with plainly():
        given = client_key(key_file, key) if url is not None else None
        import_file(file, place_of(data_dir), url, given)
