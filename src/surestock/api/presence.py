"""Whether the client is still there: work that is long and only for it ends when it hangs up."""

from collections.abc import Awaitable
from typing import TypeVar

import anyio

from surestock.api.call import Call
from surestock.api.errors import ClientGone

WATCHED = "surestock.watched"
"""An ASGI extension: a function that tells that a request is for nobody once its client has left.

A client that closes its end may still read, so any other request is answered all the same.
"""

Result = TypeVar("Result")


async def while_there(call: Call, work: Awaitable[Result]) -> Result:
    """Return what ``work`` returns. The whole body must have been read.

    Cancels it and raises :class:`ClientGone` when the client hangs up first.
    """
    results: list[Result] = []
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_when_gone, call, tasks.cancel_scope)
        try:
            results.append(await work)
        except Exception as error:  # noqa: BLE001 - a task group would wrap it
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not results:
        raise ClientGone
    return results[0]


async def cancel_when_gone(call: Call, scope: anyio.CancelScope) -> None:
    """Cancel ``scope`` when the client hangs up; what it still sends is dropped."""
    watched = call.scope.get("extensions", {}).get(WATCHED)
    if watched is not None:
        watched()
    while (await call.receive())["type"] != "http.disconnect":
        pass
    scope.cancel()
