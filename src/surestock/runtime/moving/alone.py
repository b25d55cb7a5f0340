"""Nobody else may use the database that is moved from or to."""

import asyncpg

from surestock.database import named_statements
from surestock.runtime.moving.errors import MoveRefused

_SQL = named_statements("surestock.runtime.moving", "moving.sql")


async def check_alone(connection: asyncpg.Connection) -> None:
    """Raise :class:`MoveRefused` while other processes of Surestock are connected.

    Those that only read do not count. It cannot see one that is to connect later: whoever starts to
    serve looks for an unfinished move, and who writes meets the lock of the head.
    """
    others = await connection.fetchval(_SQL["others"])
    if others:
        raise MoveRefused(
            f"Other processes of Surestock are connected to the database ({others} connections). "
            "Stop them first: what they write from now on would be on one side only."
        )
