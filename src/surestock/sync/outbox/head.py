"""How far the kept view is, and what is counted of it, in the row that its writers take turns at.

Whoever has the row's lock is the only one that changes the view, up to the end of its transaction.
"""

from datetime import timedelta

import asyncpg
from msgspec import Struct

from surestock.database import named_statements

SQL = named_statements("surestock.sync.outbox", "central.sql")


class Head(Struct, frozen=True):
    """The view holds the records up to ``sequence``; those that failed are parked.

    ``open_letters`` stop their SKU now, ``opened_letters`` were ever opened. ``draining`` is how
    many SKUs have changes to fold that waited behind a letter. ``stopped`` tells why the next
    record cannot be folded, if it cannot.
    """

    sequence: int
    opened_letters: int = 0
    open_letters: int = 0
    draining: int = 0
    stopped: str | None = None


class Turn(Struct, frozen=True):
    """The head, with its lock. ``is_unseen``: nobody noted of late that a worker is there.

    ``is_due`` tells that it is time to try letters again.
    """

    head: Head
    is_unseen: bool
    is_due: bool


async def try_turn(connection: asyncpg.Connection, retry_s: float) -> Turn | None:
    """Take the head's lock in this transaction, or return None when somebody else has it."""
    return _turn(await connection.fetchrow(SQL["try_head"], timedelta(seconds=retry_s)))


async def wait_for_turn(connection: asyncpg.Connection) -> Turn:
    """Take the head's lock in this transaction. Waits as long as a lock may take."""
    turn = _turn(await connection.fetchrow(SQL["wait_for_head"], timedelta()))
    assert turn is not None
    return turn


def _turn(row: asyncpg.Record | None) -> Turn | None:
    if row is None:
        return None
    *head, is_unseen, is_due = row
    return Turn(Head(*head), is_unseen, is_due)


async def put_head(
    connection: asyncpg.Connection, head: Head, *, by_worker: bool, retried: bool = False
) -> None:
    """Write the head, and the database's time where a worker was there or letters were tried."""
    await connection.execute(
        SQL["put_head"],
        head.sequence,
        head.opened_letters,
        head.open_letters,
        head.draining,
        head.stopped,
        by_worker,
        retried,
    )
