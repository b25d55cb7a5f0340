"""One transaction for a batch of commands: lock, read, decide, take the head, write, commit.

The rows of all keys are locked first, in sorted order, so that nobody changes them meanwhile. The
time of the decision is read once they are locked: who looked at them before this saw the state of
an earlier time. The head is taken last, and kept until the commit is through: so records become
visible in the order of their sequence, and there is never more than one transaction whose outcome
is in doubt.
"""

from datetime import datetime
from functools import partial

import asyncpg
from msgspec import Struct

from surestock.database import TryAgain
from surestock.engine.postgres.config import PostgresConfig
from surestock.engine.postgres.deciding import Judge, Verdicts
from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.loading import (
    SQL,
    Keys,
    columns,
    decode_record,
    decode_reservation,
    load_asked,
    read_documents,
    read_levels,
    sorted_keys,
)
from surestock.engine.postgres.waiting import Waiting
from surestock.engine.postgres.writing import Rows
from surestock.idempotency import RefusalMemory
from surestock.inventory.model import StockKey
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.keys import keys_of, leased_keys
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record

_MOST_GROWTHS = 4


class Promised(Struct, frozen=True):
    """What stands in the database once the commit is through: the batch's first record."""

    sequence: int
    record_id: str


class Held(Struct, frozen=True):
    """A command that was left out, and the key whose row was not free.

    ``is_changed`` tells that the command would change it, and not only look at it.
    """

    waiting: Waiting
    key: StockKey
    is_changed: bool


class Tools(Struct, frozen=True):
    """What every transaction of a process works with."""

    config: PostgresConfig
    clock: Clock
    ids: IdSource
    remembered: RefusalMemory


class Transaction:
    """Carries a batch out on a connection. It is used once.

    ``batch`` are the commands in it. ``verdicts`` are there once they are decided. ``promised`` is
    set as soon as COMMIT may be sent: from then on the outcome may be unknown, and ``outcomes`` are
    those of the decided commands, if it is through. With ``around``, commands whose rows another
    transaction has are left out, and stand in ``held``.
    """

    def __init__(
        self,
        connection: asyncpg.Connection,
        batch: list[Waiting],
        tools: Tools,
        *,
        around: bool,
    ) -> None:
        self._connection = connection
        self.batch = batch
        self._tools = tools
        self._around = around
        self._reservations: set[str] = set()
        self.held: list[Held] = []
        self.outcomes: list[Outcome] = []
        self.verdicts: Verdicts | None = None
        self.promised: Promised | None = None

    async def run(self) -> Verdicts:
        """Return the verdicts, once they hold. Raises a ``DatabaseError``."""
        keys = await self._discover()
        for _ in range(_MOST_GROWTHS):
            await self._connection.execute("BEGIN")
            loaded = Loaded()
            in_order = sorted_keys(keys)
            await self._lock(loaded, in_order)
            now = self._tools.clock.now()
            answers = await self._look_around(loaded, in_order.levels, now)
            touched = self._touched(loaded, now)
            self._reservations |= loaded.asked.reservations
            if touched <= keys and not loaded.asked:
                return await self._decide(loaded, answers, now)
            # A lock that is taken late, out of order, could meet somebody who waits for this one.
            await self._connection.execute("ROLLBACK")
            keys |= touched
        raise TryAgain("what the commands touch changed each time that it was locked")

    async def _discover(self) -> set[StockKey]:
        """Return the keys of the batch, as far as can be told without a lock."""
        loaded = Loaded()
        while True:
            keys = self._touched(loaded, self._tools.clock.now())
            if not loaded.asked:
                self._reservations.update(loaded.reservations)
                return keys
            await load_asked(self._connection, loaded)

    def _touched(self, loaded: Loaded, now: datetime) -> set[StockKey]:
        touched: set[StockKey] = set()
        for waiting in self.batch:
            touched.update(keys_of(loaded, waiting.envelope.command, now))
        return touched

    async def _lock(self, loaded: Loaded, keys: Keys) -> None:
        """Lock the rows of ``keys`` and read them; without waiting, if that is wanted."""
        free = "_free" if self._around else ""
        connection = self._connection
        documents = await read_documents(connection, f"lock{free}_documents", keys.documents)
        loaded.put_documents(keys.documents, documents)
        levels = await read_levels(connection, f"lock{free}_levels", keys.levels)
        loaded.put_levels(keys.levels, levels)
        if self._around:
            await self._leave_out(loaded, keys)

    async def _leave_out(self, loaded: Loaded, keys: Keys) -> None:
        """Leave out the commands that need a row which is there, and was not free."""
        held: set[StockKey] = set()
        for statement, missing in (
            ("present_documents", [key for key in keys.documents if loaded.documents[key] is None]),
            ("present_levels", [key for key in keys.levels if loaded.levels[key] is None]),
        ):
            if missing:
                found = await self._connection.fetch(SQL[statement], *columns(missing))
                held.update((row[0], row[1]) for row in found)
        if not held:
            return
        left = []
        now = self._tools.clock.now()
        for waiting in self.batch:
            command = waiting.envelope.command
            mine = held.intersection(keys_of(loaded, command, now))
            if mine:
                key = min(mine)
                self.held.append(Held(waiting, key, key in leased_keys(loaded, command)))
            else:
                left.append(waiting)
        self.batch = left

    async def _look_around(
        self, loaded: Loaded, levels: list[StockKey], now: datetime
    ) -> dict[str, Record]:
        """Read what is due on the levels, reservations by name, and what answered the keys."""
        named = list(self._reservations)
        digests = self._digests()
        rows = await self._connection.fetch(
            SQL["look_around"], *columns(levels), now, named, digests
        )
        held = [decode_reservation(row["body"]) for row in rows if row["digest"] is None]
        loaded.put_reservations(named, held)
        return {
            row["digest"].hex(): decode_record(row["body"])
            for row in rows
            if row["digest"] is not None
        }

    def _digests(self) -> list[bytes]:
        digests: set[str] = set()
        for waiting in self.batch:
            key = waiting.envelope.idempotency
            if key is not None:
                digests.add(key.digest)
                if key.batch is not None:
                    digests.add(key.batch)
        return [bytes.fromhex(digest) for digest in digests]

    async def _decide(self, loaded: Loaded, answers: dict[str, Record], now: datetime) -> Verdicts:
        tools = self._tools
        judge = Judge(loaded, answers, tools.remembered, tools.config.idempotency_ttl, now)
        load = partial(load_asked, self._connection, loaded)
        for waiting in self.batch:
            await judge.judge(waiting, tools.ids, load)
        self.verdicts = verdicts = judge.verdicts
        if not verdicts.decided:
            await self._connection.execute("ROLLBACK")
            return verdicts
        base = await self._connection.fetchval(SQL["take_head"], len(verdicts.decided))
        rows = Rows(loaded.known_documents, loaded.known_reservations, base, now)
        for decided in verdicts.decided:
            rows.add(decided)
        await rows.write(self._connection, tools.config.idempotency_ttl)
        self.outcomes = rows.outcomes
        self.promised = Promised(base + 1, verdicts.decided[0].record_id)
        await self._connection.execute("COMMIT")
        return verdicts
