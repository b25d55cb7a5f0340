"""``surestock migrate``: bring the tables of a database up to date."""

from typing import Annotated, TypeAlias

import typer

from surestock.cli.failing import plainly

DatabaseUrl: TypeAlias = Annotated[
    str | None,
    typer.Option(
        help="postgres://user@host:port/database. Arguments can be read by everybody on this "
        "machine: a password is better kept in DATABASE_URL, or in PGPASSWORD.",
        show_default="DATABASE_URL",
    ),
]


def migrate(*, database_url: DatabaseUrl = None) -> None:
    """Make the tables that this release works with, or bring them up to date.

    Each step is applied as a whole, and told. Doing it again does nothing. Exit code 2: the
    database cannot be reached, or was made by another release.
    """
    from surestock.cli.database_url import database_of  # noqa: PLC0415 - help must be quick
    from surestock.cli.migration import migrate_tables  # noqa: PLC0415 - the same

    with plainly():
        migrate_tables(database_of(database_url))
