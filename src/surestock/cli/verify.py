"""``surestock verify``: check that the log is what was once written, and what was made from it."""

from pathlib import Path
from typing import Annotated

import typer

from surestock.cli.failing import plainly
from surestock.cli.place import place_of


def verify(
    data_dir: Annotated[
        Path | None,
        typer.Argument(help="The data directory.", show_default="DATA_DIR, or data"),
    ] = None,
) -> None:
    """Check a data directory from its first byte to its last, without changing it.

    Archive and event log: checksums, the chain from line to line, sequence, segment names,
    idempotency keys, and that every record follows from those before it. Then what is derived:
    snapshots, indexes and the central view must be what that replay amounts to. With ARCHIVE=off,
    when older records were deleted, it begins with the oldest snapshot. Exit code 0: clean. 1:
    damaged, with the file, and in the log with line and byte. 2: there is nothing to check.
    """
    from surestock.cli.verification import verify_log  # noqa: PLC0415 - help must be quick

    with plainly():
        verify_log(place_of(data_dir))
