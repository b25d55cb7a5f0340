"""``surestock move``: from a data directory into PostgreSQL, or back."""

from typing import Annotated

import typer

from surestock.cli.failing import plainly


def move(
    *,
    source: Annotated[
        str,
        typer.Option(
            "--from",
            help="A data directory, or postgres://user@host:port/database. DATABASE_URL: the one "
            "that the setting names, so that no password is in the arguments.",
        ),
    ],
    target: Annotated[str, typer.Option("--to", help="The same: one of each kind.")],
) -> None:
    """Move everything from a data directory into PostgreSQL, or back: records, keys, state.

    No server may use either meanwhile. The target must be empty, its tables made by surestock
    migrate. After an interruption, the same command goes on. At the end what was written is read
    back and folded, and must amount to what the source does; before that, nobody can serve from the
    target. The source is not changed: serve from one of them only.

    Exit code 1: the source is damaged, or the proof failed. 2: refused, or the database could not
    be used to the end. 130: interrupted.
    """
    from surestock.cli.move import move_between  # noqa: PLC0415 - help must be quick

    with plainly():
        move_between(source, target)
