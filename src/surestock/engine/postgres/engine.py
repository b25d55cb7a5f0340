"""The engine on PostgreSQL: for as many processes on as many machines as there are."""

from collections.abc import Sequence

import anyio

from surestock.database import open_connection, ready_database
from surestock.engine.postgres.config import PostgresConfig
from surestock.engine.postgres.feed import PostgresFeed, look
from surestock.engine.postgres.health import Health
from surestock.engine.postgres.observer import PostgresObserver
from surestock.engine.postgres.reader import Reader
from surestock.engine.postgres.repeats import Begun, Repeats
from surestock.engine.postgres.room import Room
from surestock.engine.postgres.tidying import Tidying
from surestock.engine.postgres.transaction import Tools
from surestock.engine.postgres.writer import Writer
from surestock.idempotency import IdempotencyConflict, IdempotencyKey, RefusalMemory
from surestock.inventory.commands import ExpireReservations
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus, Envelope, Outcome

_DUE_AT_ONCE = 1000


class PostgresEngine(PostgresFeed):
    """Implements ``ledger.port.Engine``. :meth:`keep_healthy` has to run from start to close."""

    def __init__(
        self,
        config: PostgresConfig,
        clock: Clock,
        ids: IdSource,
        observer: PostgresObserver | None = None,
    ) -> None:
        self._config = config
        self._observer = observer or PostgresObserver()
        self._health = Health(config.breaker, clock, self._observer)
        database = config.database
        patience_s = config.patience_s
        self._reader = Reader(database, config.readers, self._health, self._observer, patience_s)
        super().__init__(self._reader, clock)
        self._health.opened = self._refuse_reads
        remembered = RefusalMemory(config.max_refusals)
        tools = Tools(config, clock, ids, remembered)
        self._room = Room(clock, patience_s, config.max_pending)
        self._writer = Writer(
            database, self._room, tools, self._health, self._observer, self._growth.committed
        )
        self._repeats = Repeats(self._reader, self._room, tools)
        self._tidying = Tidying(config, clock, self._observer)

    async def start(self) -> None:
        """Begin with the log as it is. Raises as :meth:`check` does."""
        began = self._clock.monotonic()
        await self.check()
        self._observer.recovered(self._growth.sequence, self._clock.monotonic() - began)

    async def check(self) -> None:
        """Make sure that the database can be used.

        Raises ``DatabaseDown``, ``DatabaseUnfit`` or ``SchemaBehind``.
        """
        async with ready_database(self._config.database) as connection:
            self._growth.saw((await look(connection)).tip)

    async def keep_healthy(self) -> None:
        """Carry out what is asked for, and find out when a lost database is back."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._writer.run)
            tasks.start_soon(self._writer.watch)
            tasks.start_soon(self._reader.run)
            tasks.start_soon(self._growth.look, self._reader)
            tasks.start_soon(self._tidying.run)
            tasks.start_soon(self._health.keep, self._probe)

    def _refuse_reads(self) -> None:
        self._reader.refuse_all(self._health.refusal())

    async def _probe(self) -> None:
        """Raise a ``DatabaseError`` unless a new connection can be used."""
        connection = await open_connection(self._config.database)
        connection.terminate()

    async def close(self) -> None:
        """Let go of the database. What was under way has come to its end before."""
        async with anyio.create_task_group() as tasks:
            for part in (self._writer, self._reader, self._tidying):
                tasks.start_soon(part.close)

    async def transact(self, envelope: Envelope) -> Outcome:
        """Carry out one command; return once it is committed."""
        return await self._answer(envelope, self._begin(envelope))

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each, in order.

        Raises ``IdempotencyConflict`` when another batch has used their key meanwhile.
        """
        begun: list[Begun | Refusal | Unavailable] = []
        for envelope in envelopes:
            try:
                begun.append(self._begin(envelope))
            except (Refusal, Unavailable) as error:
                begun.append(error)
        answers: list[Outcome | Refusal | Unavailable] = []
        for envelope, it in zip(envelopes, begun, strict=True):
            try:
                answers.append(await self._answer(envelope, it) if isinstance(it, Begun) else it)
            except (Refusal, Unavailable) as error:
                answers.append(error)
        if answers and all(isinstance(it, IdempotencyConflict) for it in answers):
            key = envelopes[0].idempotency
            if key is not None and key.batch is not None:
                raise IdempotencyConflict(key.key)
        return answers

    def _begin(self, envelope: Envelope) -> Begun:
        """Hand a command over, unless it is the repeat of one that is on its way."""
        key = envelope.idempotency
        first = None if key is None else self._repeats.first_of(key)
        if first is not None:
            return Begun(first, is_repeat=True)
        return Begun(self._writer.submit(envelope), is_repeat=False)

    async def _answer(self, envelope: Envelope, begun: Begun) -> Outcome:
        while begun.is_repeat:
            assert envelope.idempotency is not None
            outcome = await self._repeats.join(envelope.idempotency, begun.waiting)
            if outcome is not None:
                return outcome
            begun = self._begin(envelope)
        return await begun.waiting.answer()

    async def find_answer(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to a key; None when there was none within its time to live."""
        return await self._repeats.answer_to(key)

    async def check_batch(self, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when a batch's key was used for another batch."""
        await self._repeats.check_batch(key)

    async def expire_due(self) -> int:
        """Record the end of reservations whose time is over; return on how many levels.

        One process at a time does; the others return 0.
        """
        self._health.check()
        async with self._tidying.chore("expire reservations") as is_ours:
            return await self._expire_due() if is_ours else 0

    async def _expire_due(self) -> int:
        expired = 0
        while True:
            due = await self.due_levels(_DUE_AT_ONCE)
            sweep = [Envelope(ExpireReservations(*key), "surestock", "expiry") for key in due]
            for answer in await self.transact_each(sweep):
                if not isinstance(answer, Outcome):
                    raise answer
            expired += len(due)
            if len(due) < _DUE_AT_ONCE:
                return expired

    def status(self) -> EngineStatus:
        """Return how the engine is."""
        return EngineStatus(
            self._growth.sequence,
            self._writer.depth,
            self._health.is_open,
            self._health.reasons(),
            self._health.state.value,
            warnings=(*self._health.warnings(), *self._tidying.warnings),
        )
