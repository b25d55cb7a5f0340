"""Fold the next records into the kept view: a chunk of them, in one transaction."""

from collections.abc import Callable
from datetime import datetime

import asyncpg
from msgspec import Struct

from surestock.sync.changes import LooseRecord, SoundRecord, read_record
from surestock.sync.check import Check
from surestock.sync.errors import CannotFold
from surestock.sync.outbox.excerpt import Excerpt, read_doubts, read_levels
from surestock.sync.outbox.head import SQL, Head, Turn, put_head, try_turn, wait_for_turn
from surestock.sync.outbox.storable import check_storable, is_storable_text


class Rules(Struct, frozen=True):
    """How to fold. ``now`` is when a letter fails; ``retry_s`` is how long letters are left alone.

    ``by_worker`` tells that it is a worker who folds.
    """

    now: Callable[[], datetime]
    retry_s: float = 1.0
    by_worker: bool = False
    check: Check = check_storable


class Folded(Struct, frozen=True):
    """How the view is after a chunk. ``is_full`` tells that more is there to fold, most likely."""

    head: Head
    is_full: bool
    is_due: bool


async def fold_some(
    connection: asyncpg.Connection, most: int, rules: Rules, *, wait: bool = False
) -> Folded | None:
    """Fold up to ``most`` records that follow the view; None when somebody else has the turn.

    ``wait`` for the turn, as long as a lock may take. Raises what the driver raises.
    """
    async with connection.transaction():
        turn: Turn | None
        if wait:
            turn = await wait_for_turn(connection)
        else:
            turn = await try_turn(connection, rules.retry_s)
        if turn is None:
            return None
        rows = await connection.fetch(SQL["next_records"], turn.head.sequence, most)
        records, stopped = _readable(rows, turn.head.sequence)
        head = await _fold(connection, turn.head, records, stopped, rules)
        if head != turn.head or (rules.by_worker and turn.is_unseen):
            await put_head(connection, head, by_worker=rules.by_worker)
        return Folded(head, len(records) == most, turn.is_due)


def _readable(
    rows: list[asyncpg.Record], applied: int
) -> tuple[list[SoundRecord | LooseRecord], str | None]:
    """Return the records up to one that stops the view, and why it does."""
    records: list[SoundRecord | LooseRecord] = []
    try:
        for expected, (sequence, body) in enumerate(rows, start=applied + 1):
            records.append(_record(body, sequence, expected))
    except CannotFold as error:
        return records, str(error)
    return records, None


def _record(body: str, sequence: int, expected: int) -> SoundRecord | LooseRecord:
    if sequence != expected:
        raise CannotFold(expected, f"record {sequence} follows instead")
    record = read_record(body, sequence)
    if not all(is_storable_text(change.sku) for change in record.levels):
        raise CannotFold(sequence, "a SKU holds a NUL")
    return record


async def _fold(
    connection: asyncpg.Connection,
    head: Head,
    records: list[SoundRecord | LooseRecord],
    stopped: str | None,
    rules: Rules,
) -> Head:
    changes = [change for record in records for change in record.levels]
    skus = {change.sku for change in changes}
    levels = await read_levels(connection, changes) if changes else []
    doubts = await read_doubts(connection, skus) if changes else []
    excerpt = Excerpt(head, levels, doubts, {}, rules.now, rules.check)
    excerpt.view.fold(records)
    return await excerpt.save(connection, skus, stopped)
