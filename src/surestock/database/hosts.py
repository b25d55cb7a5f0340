"""Several hosts side by side: whichever is fit first is used, and a silent one holds nobody up.

A machine that is off refuses nothing: who asks it learns that only when his time is over. So the
next host is begun a moment after the one before it. Source: RFC 8305, section 5, which does so with
the addresses of one host.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import asyncpg

from surestock.database.config import DatabaseConfig
from surestock.database.connection import Standby, connect_to
from surestock.database.errors import DatabaseDown, DatabaseError, DatabaseUnfit

HEAD_START_S = 0.2

Opening = Callable[[], Awaitable[asyncpg.Connection]]
_End = asyncpg.Connection | Exception


async def open_connection(config: DatabaseConfig) -> asyncpg.Connection:
    """Return a new connection to a primary. Whoever gets it ends it.

    Hosts have ``connect_s`` each, and each a head start before the next one.

    Raises :class:`DatabaseDown` when no host that takes writes answers, :class:`DatabaseUnfit` when
    one does that must not be trusted, or all of them are standbys.
    """
    hosts: list[tuple[str | None, int | None]] = [*config.hosts()]
    return await first_fit([partial(connect_to, config, *host) for host in hosts or [(None, None)]])


async def first_fit(openings: Sequence[Opening]) -> asyncpg.Connection:
    """Return the first connection that is made; of several at once, the one that stands first.

    The others are cut off, and nothing of them is left when this returns or raises.

    Raises what all of them raised as one ``DatabaseError``, or what is none.
    """
    tasks: list[asyncio.Task[_End]] = []
    kept = None
    try:
        async with asyncio.TaskGroup() as group:
            for opening in openings:
                tasks.append(group.create_task(_end_of(opening)))
                await _next_end(tasks, HEAD_START_S)
                if _made(tasks):
                    break
            while not _made(tasks) and not all(task.done() for task in tasks):
                await _next_end(tasks)
            for task in tasks:
                task.cancel()
        kept = next(iter(_made(tasks)), None)
    finally:
        for connection in _made(tasks):
            if connection is not kept:
                connection.terminate()
    if kept is None:
        raise _none_is_fit([_failure(task.result()) for task in tasks])
    return kept


async def _end_of(opening: Opening) -> _End:
    try:
        return await opening()
    except Exception as error:  # noqa: BLE001 - it is raised to who asked, unless another is fit
        return error


async def _next_end(tasks: list[asyncio.Task[_End]], within_s: float | None = None) -> None:
    pending = [task for task in tasks if not task.done()]
    await asyncio.wait(pending, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)


def _made(tasks: list[asyncio.Task[_End]]) -> list[asyncpg.Connection]:
    ends = [task.result() for task in tasks if task.done() and not task.cancelled()]
    return [end for end in ends if not isinstance(end, Exception)]


def _failure(end: _End) -> Exception:
    assert isinstance(end, Exception)
    return end


def _none_is_fit(failures: list[Exception]) -> Exception:
    """Return one error that tells of all. A standby beside a host that is down may be promoted."""
    for failure in failures:
        if not isinstance(failure, DatabaseError):
            return failure
    told = "; ".join(str(failure) for failure in failures)
    unfit = [failure for failure in failures if isinstance(failure, DatabaseUnfit)]
    is_failing_over = len(unfit) < len(failures) and all(isinstance(it, Standby) for it in unfit)
    return DatabaseDown(told) if is_failing_over or not unfit else DatabaseUnfit(told)
