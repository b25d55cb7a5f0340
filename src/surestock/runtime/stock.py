"""An engine and what belongs to it, whichever engine it is."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from msgspec import Struct

from surestock.inventory.central import Central
from surestock.ledger.port import Engine
from surestock.mirror.across.port import Across
from surestock.runtime.central_side import CentralSide

Background: TypeAlias = Callable[[], Awaitable[None]]


class Stock(Struct, frozen=True):
    """An engine, its central view and what keeps that up.

    ``start`` starts the engine, and raises :class:`StartRefused` when something else must be put
    right before. ``failed`` waits until the engine must not go on, and tells why. ``across`` tells
    processes apart in what they do for a user, where several share the data. ``beside`` has to run
    until the last answer has left.
    """

    engine: Engine
    start: Callable[[], Awaitable[None]]
    central: Central
    side: CentralSide
    failed: Callable[[], Awaitable[BaseException]]
    across: Across | None = None
    beside: tuple[Background, ...] = ()


async def never() -> BaseException:
    """Wait for a failure that an engine does not have."""
    await asyncio.Event().wait()
    raise AssertionError("nobody sets this event")
