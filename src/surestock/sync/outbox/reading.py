"""Questions to the kept view. Each is one statement, so its answer is of one moment."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

import asyncpg
from msgspec import DecodeError, Struct, json

from surestock.inventory.central import CentralPage, CentralStock, DeadLetter
from surestock.inventory.model import Level
from surestock.sync.changes import Position
from surestock.sync.outbox.head import SQL
from surestock.sync.outbox.rows import letter_of
from surestock.sync.outbox.tide import Tide

_GONE_AFTER = timedelta(seconds=5)


class _Written(Struct, frozen=True):
    ts: datetime


_decode_written = json.Decoder(_Written).decode


class Seen(Struct, frozen=True):
    """The view as an answer saw it: how far it was, and why it stood still, if it did."""

    applied_sequence: int
    stopped: str | None


async def read_tide(connection: asyncpg.Connection) -> Tide:
    """Return how far the view and the log are."""
    row = await connection.fetchrow(SQL["tide"], _GONE_AFTER)
    assert row is not None
    body = row["next_body"]
    return Tide(
        applied=row["sequence"],
        opened_letters=row["opened_letters"],
        open_letters=row["open_letters"],
        stopped=row["stopped"],
        is_kept=row["is_kept"],
        durable=row["durable"],
        behind_since=None if body is None else _written_at(body),
    )


def _written_at(body: str) -> datetime | None:
    try:
        at = _decode_written(body).ts
    except DecodeError:
        return None
    return at if at.tzinfo is not None else None


async def read_stock(connection: asyncpg.Connection, sku: str) -> tuple[CentralStock | None, Seen]:
    """Return a SKU in every store that has it, or None."""
    rows = await connection.fetch(SQL["find"], sku)
    first = rows[0]
    levels = _levels(rows)
    is_in_doubt = first["is_in_doubt"]
    known = CentralStock(sku, levels, is_in_doubt) if levels or is_in_doubt else None
    return known, Seen(first["sequence"], first["stopped"])


async def read_page(
    connection: asyncpg.Connection, after: str, limit: int
) -> tuple[CentralPage, Seen]:
    """Return up to ``limit`` SKUs that sort after ``after``, in order."""
    rows = await connection.fetch(SQL["page"], after, limit)
    seen = Seen(rows[0]["sequence"], rows[0]["stopped"])
    stocks = []
    for sku, of_sku in groupby(rows, key=itemgetter("known")):
        if sku is not None:
            group = list(of_sku)
            stocks.append(CentralStock(sku, _levels(group), group[0]["is_in_doubt"]))
    return CentralPage(stocks, seen.applied_sequence), seen


async def read_letters(
    connection: asyncpg.Connection, after: Position, limit: int
) -> tuple[list[DeadLetter], Seen]:
    """Return up to ``limit`` letters after the one at ``after``, in the order of the log."""
    rows = await connection.fetch(SQL["letters"], *after, limit)
    seen = Seen(rows[0]["applied"], rows[0]["stopped"])
    found = [row for row in rows if row["sequence"] is not None]
    return [letter_of(row, row["sku"], row["parked"]) for row in found], seen


def _levels(rows: Iterable[Any]) -> tuple[Level, ...]:
    return tuple(
        Level(
            row["store_id"],
            row["sku"],
            row["on_hand"],
            row["reserved"],
            row["version"],
            row["updated_at"],
        )
        for row in rows
        if row["store_id"] is not None
    )


async def oldest_needed(connection: asyncpg.Connection) -> int:
    """Return the oldest record that the view still needs of the log; older ones may go."""
    needed: int = await connection.fetchval(SQL["oldest_needed"])
    return needed
