"""Whether a move into the database has come to its end: before that, it holds half a log."""

import asyncpg
from msgspec import Struct

from surestock.database.errors import DatabaseUnfit
from surestock.database.named import named_statements

_SQL = named_statements("surestock.database", "moving.sql")


class UnfinishedMove(DatabaseUnfit):
    """The database holds a part of what is moved into it, and must not serve."""


class Moved(Struct, frozen=True):
    """How far a move came: to record ``through``, which ends a line with checksum ``crc``.

    ``source`` tells people where it comes from.
    """

    through: int
    crc: str
    source: str


async def find_unfinished_move(connection: asyncpg.Connection) -> Moved | None:
    """Return how far the move came that has not ended, or None."""
    row = await connection.fetchrow(_SQL["unfinished"])
    return None if row is None else Moved(*row)


async def check_moved(connection: asyncpg.Connection) -> None:
    """Raise :class:`UnfinishedMove` while a move has not come to its end."""
    moved = await find_unfinished_move(connection)
    if moved is not None:
        raise UnfinishedMove(
            f"the move from {moved.source} has come to record {moved.through} of it and no "
            "further; give the same `surestock move` again, it goes on"
        )
