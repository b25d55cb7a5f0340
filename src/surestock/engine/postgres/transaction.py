"""One transaction for a batch of commands: lock, read, decide, take the head, write, commit.

The rows of all keys are locked first, in sorted order, so that nobody changes them meanwhile. The
time of the decision is read once they are locked: who looked at them before this saw the state of
an earlier time. The head is taken last, and kept until the commit is through: so records become
visible in the order of their sequence, and there is never more than one transaction whose outcome
is in doubt.
"""

from datetime import datetime
from functools import partial
from itertools import chain

import asyncpg
from msgspec import Struct

from surestock.database import TryAgain
from surestock.engine.postgres.config import PostgresConfig
from surestock.engine.postgres.deciding import Judge, Verdicts
from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.loading import (
    SQL,
    digests_of,
    load_asked,
    lock_rows,
    look_around,
    present,
    sorted_keys,
    stand_by,
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
        self._seen = Loaded()
        self.held: list[Held] = []
        self.outcomes: list[Outcome] = []
        self.verdicts: Verdicts | None = None
        self.promised: Promised | None = None

    async def run(self) -> Verdicts:
        """Return the verdicts, once they hold. Raises a ``DatabaseError``."""
        connection = self._connection
        touched = await self._discover()
        for _ in range(_MOST_GROWTHS):
            await connection.execute("BEGIN")
            loaded = Loaded()
            keys = sorted_keys(chain.from_iterable(touched.values()))
            held = await lock_rows(connection, loaded, keys, around=self._around)
            if held and not self._around:
                await connection.execute("ROLLBACK")
                continue
            self._leave_out(touched, held)
            now = self._tools.clock.now()
            named = list(self._seen.reservations)
            answers = await look_around(
                connection, loaded, keys.levels, now, named, digests_of(self.batch)
            )
            again = self._touch(loaded, now)
            locked = set(keys.both()) - held
            if all(mine <= locked for mine in again.values()) and not loaded.asked:
                again = await self._decide(loaded, answers, now, held)
                if self.verdicts is not None:
                    return self.verdicts
            # A lock that is taken late, out of order, could meet somebody who waits for this one.
            await connection.execute("ROLLBACK")
            touched = {waiting: mine | touched[waiting] for waiting, mine in again.items()}
            await load_asked(connection, loaded)
            self._seen.reservations.update(loaded.reservations)
        raise TryAgain("what the commands touch changed each time that it was locked")

    async def _discover(self) -> dict[Waiting, set[StockKey]]:
        """Return the keys of each command, as far as can be told without a lock."""
        while True:
            touched = self._touch(self._seen, self._tools.clock.now())
            if not self._seen.asked:
                return touched
            await load_asked(self._connection, self._seen)

    def _touch(self, loaded: Loaded, now: datetime) -> dict[Waiting, set[StockKey]]:
        return {it: set(keys_of(loaded, it.envelope.command, now)) for it in self.batch}

    def _leave_out(self, touched: dict[Waiting, set[StockKey]], held: set[StockKey]) -> None:
        """Leave out the commands that need a row which was not free."""
        for waiting in self.batch:
            self._leave_out_one(waiting, touched[waiting] & held)
        out = {it.waiting for it in self.held}
        self.batch = [waiting for waiting in self.batch if waiting not in out]

    def _leave_out_one(self, waiting: Waiting, held: set[StockKey]) -> None:
        if held:
            key = min(held)
            changed = leased_keys(self._seen, waiting.envelope.command)
            self.held.append(Held(waiting, key, key in changed))

    async def _decide(
        self, loaded: Loaded, answers: dict[str, Record], now: datetime, held: set[StockKey]
    ) -> dict[Waiting, set[StockKey]]:
        """Decide everything, and commit it; ``verdicts`` are there then.

        Else some commands look for rows that are not locked: those are returned, by command.
        """
        tools = self._tools
        judge = Judge(loaded, answers, tools.remembered, tools.config.idempotency_ttl, now)
        load = partial(load_asked, self._connection, loaded)
        unlocked: dict[Waiting, set[StockKey]] = {}
        for waiting in self.batch:
            mine = await judge.judge(waiting, tools.ids, load)
            if mine & held:
                self._leave_out_one(waiting, mine & held)
            else:
                unlocked[waiting] = mine
        self.batch = list(unlocked)
        if any(unlocked.values()):
            return unlocked
        self.verdicts = judge.verdicts
        if judge.verdicts.decided:
            await self._commit(loaded, judge)
        else:
            await self._connection.execute("ROLLBACK")
            if judge.verdicts.has_replays:
                await stand_by(self._connection)
        return unlocked

    async def _commit(self, loaded: Loaded, judge: Judge) -> None:
        """Take the head, write what was decided, and commit."""
        connection = self._connection
        decided, now = judge.verdicts.decided, judge.verdicts.now
        if loaded.absent:
            # What is not there cannot be locked. Once the head is had, nobody brings it any more.
            await connection.fetchval(SQL["hold_head"])
            if await present(connection, loaded.absent):
                raise TryAgain("what was not there has come meanwhile", constraint="absent")
        rows = Rows(loaded.known_documents, loaded.known_reservations, judge.live_digests, now)
        for it in decided:
            rows.add(it)
        self.outcomes = await rows.write(connection, self._tools.config.idempotency_ttl)
        self.promised = Promised(self.outcomes[0].sequence, decided[0].record_id)
        await connection.execute("COMMIT")
