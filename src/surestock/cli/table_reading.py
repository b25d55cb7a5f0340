"""What a database says, for commands that print it.

When it cannot be asked, the command ends with a sentence and an exit code.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from msgspec import Struct

from surestock.cli.database_url import at_database
from surestock.inventory.central import CentralStock
from surestock.inventory.model import Level, StockKey
from surestock.kit.clock import SystemClock
from surestock.ledger.history import HistoryEntry
from surestock.runtime.offline.tables import TablesReader, one_snapshot

T = TypeVar("T")


class Explained(Struct, frozen=True):
    """The events of a level, and what is known when they do not begin with the first.

    ``deleted`` is the last record that was deleted, ``base`` the level before all that are left.
    """

    entries: list[HistoryEntry]
    deleted: int
    base: Level | None


def ask_levels(url: str) -> list[Level]:
    """Return every level as it counts now, sorted by store and SKU."""

    async def ask() -> list[Level]:
        async with one_snapshot(url) as connection:
            return await TablesReader(connection).levels(SystemClock().now())

    return _run(url, ask())


def ask_central(url: str) -> list[CentralStock]:
    """Return every SKU over all stores, in order."""

    async def ask() -> list[CentralStock]:
        async with one_snapshot(url) as connection:
            return await TablesReader(connection).central()

    return _run(url, ask())


def ask_history(url: str, key: StockKey) -> Explained:
    """Return the events of a level."""

    async def ask() -> Explained:
        async with one_snapshot(url) as connection:
            reader = TablesReader(connection)
            deleted = await reader.deleted_through()
            base = await reader.base_level(key) if deleted else None
            return Explained(await reader.history(key), deleted, base)

    return _run(url, ask())


def _run(url: str, asking: Coroutine[Any, Any, T]) -> T:
    with at_database(url):
        return asyncio.run(asking)
