"""How far the log is, who waits for it to grow, and whether it is still the same log.

What this process commits is known at once. What others commit is looked for: often while anybody
waits, and now and then anyway.

A database can lose what was committed in it: a standby that had not everything is promoted. Then
other records come under the sequences of the lost ones, which this process has shown and remembers.
So each look asks for the newest record that was known before, by its id. When that is not there any
more, or is another one, this engine has failed: a new process knows nothing but what is so.
"""

import asyncio
from contextlib import suppress
from functools import partial

import anyio
import asyncpg
from msgspec import Struct

from surestock.database import named_statements
from surestock.engine.postgres.reader import Reader
from surestock.engine.postgres.reads import PostgresReads
from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError, Unavailable
from surestock.ledger.record import Record

_SQL = named_statements("surestock.engine.postgres", "feed.sql")
_LOOK_EVERY_S = 0.1
_LOOK_ANYWAY_AFTER_S = 1.0


class LogWentBack(SurestockError):
    """Record ``known`` was seen, and is lost, or another one now. The log ends at ``head``."""

    def __init__(self, known: int, head: int) -> None:
        if head < known:
            told = f"the log went back from record {known} to {head}"
        else:
            told = f"record {known} is another one than before, and the log is at {head}"
        super().__init__(
            f"{told}: the database has lost what was committed in it, as a standby does that had "
            "not everything when it was promoted. This process ends, for it remembers what was "
            "lost; started anew, it serves what is there. Whoever follows the events has to begin "
            "anew, too"
        )


class Tip(Struct, frozen=True):
    """A record that is committed. It has no id where the log is empty, or has no record left."""

    sequence: int = 0
    record_id: str | None = None


class Look(Struct, frozen=True):
    """The last record that is visible, and the id that a known sequence has."""

    tip: Tip
    known_id: str | None


class Growth:
    """Knows the last record that is visible; it never goes back. What went back has failed."""

    def __init__(self) -> None:
        self._tip = Tip()
        self._before = 0
        self._grown = asyncio.Event()
        self._awaited = asyncio.Event()
        self._waiting = 0
        self._is_gone_back = asyncio.Event()
        self.failure: LogWentBack | None = None

    @property
    def sequence(self) -> int:
        """Return the last sequence that is visible, as far as is known here."""
        return self._tip.sequence

    def saw(self, tip: Tip) -> None:
        """Take note of a record that is visible."""
        if tip.sequence > self.sequence:
            self._tip = tip
            self._grown.set()
            self._grown = asyncio.Event()

    def committed(self, first: int, last: int, record_id: str) -> None:
        """Take note of the records of this process's batch, and of the id of the last of them.

        It is told of one batch before the next one begins: so what was known then stood in the log
        when this one took the head.
        """
        if first <= self._before:
            self.went_back(self._before, first - 1)
        self.saw(Tip(last, record_id))
        self._before = self.sequence

    def went_back(self, known: int, head: int) -> None:
        """Take note that record ``known`` is lost, from a log that ends at ``head`` now."""
        if self.failure is None:
            self.failure = LogWentBack(known, head)
            self._is_gone_back.set()

    async def failed(self) -> BaseException:
        """Return why this process must end, once it must."""
        await self._is_gone_back.wait()
        assert self.failure is not None
        return self.failure

    async def beyond(self, sequence: int) -> None:
        """Return once a record above ``sequence`` is visible."""
        self._waiting += 1
        self._awaited.set()
        try:
            while self.sequence <= sequence:
                await self._grown.wait()
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._awaited.clear()

    async def look(self, reader: Reader) -> None:
        """Look for what others commit, and most while anybody waits, until cancelled."""
        while True:
            with anyio.move_on_after(_LOOK_ANYWAY_AFTER_S):
                await self._awaited.wait()
            with suppress(Unavailable):  # readiness says it; who waits goes on waiting
                await self._look(reader)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self, reader: Reader) -> None:
        known = self._tip  # what becomes known while it is asked may be newer than the answer
        found = await reader.ask(partial(look, known=known.sequence))
        if found.known_id != known.record_id:
            self.went_back(known.sequence, found.tip.sequence)
        self.saw(found.tip)


async def look(connection: asyncpg.Connection, known: int = 0) -> Look:
    """Return how far the log is, and the id of the record that stands at ``known``, if any."""
    row = await connection.fetchrow(_SQL["look"], known)
    assert row is not None
    return Look(Tip(row["sequence"], row["id"]), row["known_id"])


class PostgresFeed(PostgresReads):
    """What follows the log: it grows, and what was read of it has to stay."""

    def __init__(self, reader: Reader, clock: Clock) -> None:
        super().__init__(reader, clock)
        self._growth = Growth()

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records with a sequence above ``after``, in order.

        Raises ``RecordsDeleted`` when the log was moved here without its beginning.
        """
        found = await super().records(after, limit)
        if found:
            self._growth.saw(Tip(found[-1].sequence, found[-1].id))
        return found

    async def committed_beyond(self, sequence: int) -> None:
        """Return once a record with a sequence above ``sequence`` is committed."""
        await self._growth.beyond(sequence)

    def went_back(self, known: int, head: int) -> None:
        """Take note of what somebody else saw: record ``known``, then a log that ends before it."""
        self._growth.went_back(known, head)

    async def failed(self) -> BaseException:
        """Return why this process must end, once it must.

        A database that is lost may come back, and is waited for. One that comes back without what
        was committed in it is another one.
        """
        return await self._growth.failed()
