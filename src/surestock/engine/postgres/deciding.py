"""Decide a batch on what was read: for each command a draft, a replay or a refusal."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from msgspec import Struct, field

from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.waiting import Waiting
from surestock.idempotency import IdempotencyConflict, IdempotencyKey, RefusalMemory
from surestock.inventory.commands import ExpireReservations
from surestock.inventory.deciding import Draft
from surestock.inventory.model import StockKey
from surestock.kit.errors import Refusal
from surestock.kit.ids import IdSource
from surestock.ledger.decide import decide
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record


class Decided(Struct):
    """A command that changes something: the draft of its record, and the record's id."""

    waiting: Waiting
    draft: Draft
    record_id: str

    @property
    def key(self) -> IdempotencyKey | None:
        """The key that its record answers."""
        envelope = self.waiting.envelope
        return None if envelope.begins else envelope.idempotency


class Verdicts(Struct):
    """What became of a batch: what is to be recorded, and answers that change nothing.

    ``now`` is when all of it was decided. ``refused`` are the answers that were refusals of keys.
    """

    now: datetime
    decided: list[Decided] = field(default_factory=list)
    told: list[tuple[Waiting, Outcome | BaseException]] = field(default_factory=list)
    refused: list[tuple[IdempotencyKey, Refusal]] = field(default_factory=list)
    idle: list[Waiting] = field(default_factory=list)

    @property
    def has_replays(self) -> bool:
        """Whether somebody is told again that something was done."""
        return any(isinstance(told, Outcome) for _, told in self.told)


class Judge:
    """Decides commands one after the other, each on what those before it have changed."""

    def __init__(
        self,
        loaded: Loaded,
        answers: dict[str, Record],
        remembered: RefusalMemory,
        ttl: timedelta,
        now: datetime,
    ) -> None:
        self._loaded = loaded
        self._answers = answers
        self._remembered = remembered
        self._ttl = ttl
        self._batches: dict[str, str] = {}
        self.verdicts = Verdicts(now)

    async def judge(
        self, waiting: Waiting, ids: IdSource, load: Callable[[], Awaitable[None]]
    ) -> set[StockKey]:
        """Add what becomes of a command; return nothing then.

        Else return the levels and documents that it looks for and that are not locked: an earlier
        command of the batch has led it there. ``load`` reads reservations that are missing.
        """
        key = waiting.envelope.idempotency
        try:
            first = None if key is None else self._answer_to(key)
        except Refusal as refusal:
            self.verdicts.told.append((waiting, refusal))
            return set()
        if first is not None:
            self.verdicts.told.append((waiting, first))
            return set()
        record_id = ids.next()
        # Nobody has made this id before, so there is no need to look for what it names.
        self._loaded.put_reservations((record_id,), ())
        while True:
            decided = self._decide(waiting, record_id)
            unlocked = self._loaded.take_asked_rows()
            if unlocked:
                return unlocked
            if not self._loaded.asked:
                self._add(waiting, decided, record_id)
                return set()
            await load()

    @property
    def live_digests(self) -> set[str]:
        """The digests of keys that have an answer, which is not forgotten yet."""
        now, ttl = self.verdicts.now, self._ttl
        return {digest for digest, record in self._answers.items() if now - record.ts < ttl}

    def _decide(self, waiting: Waiting, record_id: str) -> Draft | Exception:
        try:
            return decide(self._loaded, waiting.envelope.command, self.verdicts.now, record_id)
        except Exception as error:  # noqa: BLE001 - a defect is this command's alone
            return error

    def _add(self, waiting: Waiting, decided: Draft | Exception, record_id: str) -> None:
        key = waiting.envelope.idempotency
        if isinstance(decided, Exception):
            self.verdicts.told.append((waiting, decided))
            if isinstance(decided, Refusal):
                decided.request_id = waiting.envelope.request_id
                if key is not None:
                    self.verdicts.refused.append((key, decided))
            return
        if not decided.events and isinstance(waiting.envelope.command, ExpireReservations):
            self.verdicts.idle.append(waiting)
            return
        self._loaded.apply(decided)
        self.verdicts.decided.append(Decided(waiting, decided, record_id))
        if key is not None and key.batch is not None:
            self._batches[key.batch] = key.fingerprint

    def _answer_to(self, key: IdempotencyKey) -> Outcome | None:
        """Return the first answer to ``key``; None when there was none.

        Raises it when it was a refusal, and ``IdempotencyConflict``.
        """
        if key.batch is not None:
            of_batch = IdempotencyKey(key.key, key.batch, key.fingerprint)
            self._record_of(of_batch)
            self._remembered.find(of_batch)
            if self._batches.get(key.batch, key.fingerprint) != key.fingerprint:
                raise IdempotencyConflict(key.key)
        return first_answer(self._record_of(key), key, self._remembered)

    def _record_of(self, key: IdempotencyKey) -> Record | None:
        record = self._answers.get(key.digest)
        return None if record is None else live_answer(record, key, self.verdicts.now, self._ttl)


def live_answer(
    record: Record, key: IdempotencyKey, now: datetime, ttl: timedelta
) -> Record | None:
    """Return the record that answered ``key``, unless its time is over.

    Raises ``IdempotencyConflict`` when it answered another payload.
    """
    if now - record.ts >= ttl:
        return None
    if record.idempotency is None or record.idempotency.fingerprint != key.fingerprint:
        raise IdempotencyConflict(key.key)
    return record


def first_answer(
    record: Record | None, key: IdempotencyKey, remembered: RefusalMemory
) -> Outcome | None:
    """Return the answer to ``key`` that is in ``record``; else raise the refusal that was, if any.

    None when there was neither.
    """
    if record is not None and record.reply is not None:
        return Outcome(record.reply, record.sequence, replayed=True)
    refusal = remembered.find(key)
    if refusal is not None:
        raise refusal
    return None
