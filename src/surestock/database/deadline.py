"""A deadline that works when the network does not.

To cancel a statement, the driver opens a second connection and asks the server to; in a partition
that hangs as well. So a connection whose time is over is cut off at this end: whoever waits for it
is told at once that it was closed.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from surestock.database.errors import DatabaseDown


@contextmanager
def cut_after(connection: asyncpg.Connection, seconds: float) -> Iterator[None]:
    """Terminate ``connection`` unless the block ends within ``seconds``.

    Whoever waits for it gets an error of the driver. Who was answered in that moment, and goes on
    with what is no more, gets :class:`DatabaseDown`.
    """
    timer = asyncio.get_running_loop().call_later(seconds, connection.terminate)
    try:
        yield
    except AttributeError as error:
        if not connection.is_closed():
            raise
        # The driver has forgotten its protocol between two steps.
        raise DatabaseDown("the connection was closed while it was in use") from error
    finally:
        timer.cancel()
