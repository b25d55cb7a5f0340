"""``surestock verify``: check that the log is what was once written, and what was made from it."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import place_of


def verify(
    data_dir: Annotated[
        Path | None,
        typer.Argument(
            help="The data directory.",
            show_default="DATA_DIR, or data; with ENGINE=postgres DATABASE_URL",
        ),
    ] = None,
) -> None:
    """Check a data directory, or a database, from the first byte to the last; change nothing.

    Archive and event log: checksums, the chain from line to line, sequence, segment names,
    idempotency keys, and that every record follows from those before it. Then what is derived:
    snapshots, indexes and the central view must be what that replay amounts to. With ARCHIVE=off,
    when older records were deleted, it begins with the oldest snapshot. Exit code 0: clean. 1:
    damaged, with the file, and in the log with line and byte. 2: there is nothing to check.

    With ENGINE=postgres the database's records are replayed in the same way, none missing, and all
    other tables must be what they amount to. It sees one moment, so servers may go on meanwhile.
    """
    with plainly():
        place = place_of(data_dir)
        # Help must be quick, and the driver is paid for only where there is a database.
        if place.database_url is not None:
            from surestock.cli.table_verification import verify_tables  # noqa: PLC0415

            verify_tables(place, place.database_url)
        else:
            from surestock.cli.verification import verify_log  # noqa: PLC0415

            verify_log(place)
