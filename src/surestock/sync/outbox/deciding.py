"""Try parked changes again, give them up, and fold what waited behind them.

Each call is one transaction, and takes so many changes at a time that it stays short: what is left
of a queue goes on stopping its SKU, and is *drained* by the next calls.
"""

import asyncpg

from surestock.inventory.central import DeadLetter
from surestock.inventory.refusals import NotFound
from surestock.sync.changes import Change, Position, read_change
from surestock.sync.letter import OPEN, Doubt, position_of
from surestock.sync.outbox.excerpt import Excerpt, read_doubts, read_levels
from surestock.sync.outbox.folding import Rules
from surestock.sync.outbox.head import SQL, Head, put_head, try_turn, wait_for_turn
from surestock.sync.outbox.rows import letter_of

_FEW, _MANY = 20, 1000
"""How many parked changes of a SKU are folded at once, where there are many SKUs, or one."""

_SKUS = 50

FIRST: Position = (-1, -1)
"""Before the first letter."""


async def decide(
    connection: asyncpg.Connection, letter_id: str, reason: str | None, rules: Rules
) -> tuple[DeadLetter, bool]:
    """Discard a letter for ``reason``, or redrive it when there is none.

    Returns the letter after that, and whether its SKU is left to be drained. Raises ``NotFound``
    and what the driver raises.
    """
    position = _position(letter_id)
    async with connection.transaction():
        turn = await wait_for_turn(connection)
        letter = await _letter(connection, position, letter_id)
        if letter.status not in OPEN:
            return letter, False
        doubts = await read_doubts(connection, [letter.sku], _MANY)
        excerpt = await _excerpt(connection, turn.head, doubts, rules)
        if reason is None:
            excerpt.view.redrive(letter_id)
        else:
            excerpt.view.discard(letter_id, reason)
        await _save(connection, excerpt, doubts, turn.head, rules)
        after = await _letter(connection, position, letter_id)
    return after, after.status not in OPEN and after.parked > 0


async def retry_some(
    connection: asyncpg.Connection, after: Position, rules: Rules
) -> Position | None:
    """Try letters after ``after`` again that have tries left; return the last one, or None.

    None also when somebody else has the turn, or had it just now and began with the first.
    """
    async with connection.transaction():
        turn = await try_turn(connection, rules.retry_s)
        if turn is None or (after == FIRST and not turn.is_due):
            return None
        rows = await connection.fetch(SQL["retrying"], *after, _SKUS)
        if not rows:
            await put_head(connection, turn.head, by_worker=rules.by_worker, retried=True)
            return None
        doubts = await read_doubts(connection, [row["sku"] for row in rows], _FEW)
        excerpt = await _excerpt(connection, turn.head, doubts, rules)
        excerpt.view.retry()
        await _save(connection, excerpt, doubts, turn.head, rules, retried=True)
    last = rows[-1]
    return (last["sequence"], last["idx"])


async def drain_some(connection: asyncpg.Connection, rules: Rules, sku: str | None = None) -> bool:
    """Fold some of what waited behind letters that have had their end; tell whether any did.

    ``sku`` is the one to drain; without, it is whichever comes first, unless somebody else has the
    turn.
    """
    async with connection.transaction():
        if sku is None:
            turn = await try_turn(connection, rules.retry_s)
            if turn is None:
                return False
            rows = await connection.fetch(SQL["draining"], _SKUS)
            doubts = await read_doubts(connection, [row["sku"] for row in rows], _FEW)
        else:
            turn = await wait_for_turn(connection)
            doubts = await read_doubts(connection, [sku], _MANY)
        draining = [doubt for doubt in doubts if _is_draining(doubt)]
        if not draining:
            return False
        excerpt = await _excerpt(connection, turn.head, draining, rules)
        for doubt in draining:
            excerpt.view.go_on(doubt.sku)
        await _save(connection, excerpt, draining, turn.head, rules)
    return True


def _position(letter_id: str) -> Position:
    try:
        sequence, index = position_of(letter_id)
    except ValueError:
        raise NotFound(f"dead letter {letter_id}") from None
    if not (0 <= sequence < 2**63 and 0 <= index < 2**31):
        raise NotFound(f"dead letter {letter_id}")
    return sequence, index


def _is_draining(doubt: Doubt) -> bool:
    """Tell whether changes are at hand to be folded behind a letter that has had its end."""
    stop = doubt.stop
    return stop is not None and stop.letter.status not in OPEN and stop.parked.at_hand > 0


async def _letter(connection: asyncpg.Connection, position: Position, letter_id: str) -> DeadLetter:
    row = await connection.fetchrow(SQL["letter"], *position)
    if row is None:
        raise NotFound(f"dead letter {letter_id}")
    return letter_of(row, row["sku"], row["parked"])


async def _excerpt(
    connection: asyncpg.Connection, head: Head, doubts: list[Doubt], rules: Rules
) -> Excerpt:
    """Return the SKUs in doubt with what their letters, and those at hand behind them, need."""
    at_hand: list[tuple[Position, str]] = []
    for doubt in doubts:
        stop = doubt.stop
        if stop is not None:
            at_hand.append((stop.position, doubt.sku))
            at_hand += [(position, doubt.sku) for position in stop.parked.first()]
    wanted = sorted({position[0] for position, _ in at_hand})
    rows = await connection.fetch(SQL["records"], wanted)
    bodies = {row["sequence"]: row["body"] for row in rows}
    changes: list[Change] = [
        read_change(bodies[position[0]].encode(), position, sku)
        for position, sku in at_hand
        if position[0] in bodies
    ]
    levels = await read_levels(connection, changes)
    return Excerpt(head, levels, doubts, bodies, rules.now, rules.check)


async def _save(
    connection: asyncpg.Connection,
    excerpt: Excerpt,
    doubts: list[Doubt],
    head: Head,
    rules: Rules,
    *,
    retried: bool = False,
) -> None:
    skus = [doubt.sku for doubt in doubts]
    after = await excerpt.save(connection, skus, head.stopped)
    await put_head(connection, after, by_worker=rules.by_worker, retried=retried)
