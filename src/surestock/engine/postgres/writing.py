"""Write what a batch decided: arrays of rows, a statement for each kind of them."""

import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from operator import itemgetter

import asyncpg
from msgspec import Raw, json
from msgspec.structs import replace

from surestock.database import TryAgain
from surestock.engine.postgres.deciding import Decided
from surestock.engine.postgres.loading import SQL, columns
from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.inventory.reply import Reply
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record, encode_record
from surestock.ledger.reply import reply_to

Hold = tuple[str, str, datetime, str]
"""(store, SKU, time, reservation): a row of ``holds``."""

_encode = json.Encoder().encode
# A sequence that is not known yet. Whatever JSON a platform told may stand in a record: nobody who
# does not know this number can say it.
_NOT_YET = -(10**14 + secrets.randbelow(9 * 10**14))
_UNNUMBERED = f'"sequence":{_NOT_YET}'


class Rows:
    """The rows of a batch. Its records are numbered from 1 here; their sequences follow.

    ``known…`` are the documents and reservations as they were before it, and ``answered`` the
    digests of keys that have an answer.
    """

    def __init__(
        self,
        known_documents: dict[DocumentKey, Document | None],
        known_reservations: dict[str, Reservation | None],
        answered: Collection[str],
        now: datetime,
    ) -> None:
        self._known_documents = known_documents
        self._known_reservations = known_reservations
        self._answered = answered
        self._now = now
        self._replies: list[Reply] = []
        self._records: list[tuple[int, str, str]] = []
        self._versions: list[tuple[str, str, int, int]] = []
        self._levels: dict[StockKey, Level] = {}
        self._reservations: dict[str, Reservation] = {}
        self._documents: dict[DocumentKey, Document] = {}
        self._answers: dict[bytes, int] = {}
        self._batches: dict[bytes, int] = {}

    def add(self, decided: Decided) -> None:
        """Make the record of a command, and note what it changes."""
        draft, key = decided.draft, decided.key
        envelope = decided.waiting.envelope
        reply = reply_to(envelope.command, draft, decided.record_id, _NOT_YET)
        levels = tuple(draft.levels.values())
        record = Record(
            _NOT_YET,
            decided.record_id,
            self._now,
            envelope.actor,
            tuple(draft.events),
            levels,
            key,
            None if key is None else reply,
        )
        self._replies.append(reply)
        number = len(self._replies)
        self._records.append((number, record.id, encode_record(record).decode()))
        for level in levels:
            self._versions.append((level.store_id, level.sku, level.version, number))
        self._levels.update(draft.levels)
        self._reservations.update(draft.reservations)
        self._documents.update(draft.documents)
        if key is not None:
            self._answers[bytes.fromhex(key.digest)] = number
            if key.batch is not None and key.batch not in self._answered:
                self._batches.setdefault(bytes.fromhex(key.batch), number)

    async def write(self, connection: asyncpg.Connection, ttl: timedelta) -> list[Outcome]:
        """Write all of it, with the head taken last; return the outcomes, in order.

        Raises :class:`TryAgain` when somebody else has answered a key.
        """
        if self._documents:
            await self._write_documents(connection)
        levels = [
            (it.store_id, it.sku, it.on_hand, it.reserved, it.version, it.updated_at)
            for it in self._levels.values()
        ]
        bodies = [(it, _encode(held).decode()) for it, held in self._reservations.items()]
        ended, begun = self._holds()
        written = await connection.fetchrow(
            SQL["write"],
            *_turned(self._records, 3),
            *_turned(self._versions, 4),
            *_turned(levels, 6),
            *_turned(bodies, 2),
            *_turned(ended, 4),
            *_turned(begun, 4),
            *(list(self._answers), list(self._answers.values())),
            *(list(self._batches), list(self._batches.values())),
            self._now,
            self._now - ttl,
            _UNNUMBERED,
        )
        assert written is not None
        base, answered = written
        if answered != len(self._answers) + len(self._batches):
            raise TryAgain("another process has answered a key meanwhile", constraint="answers")
        return [
            Outcome(_numbered(reply, base + number), base + number)
            for number, reply in enumerate(self._replies, 1)
        ]

    def _holds(self) -> tuple[list[Hold], list[Hold]]:
        """Return the rows of ``holds`` that end, and those that begin."""
        ended: list[Hold] = []
        begun: list[Hold] = []
        for reservation_id, held in self._reservations.items():
            before, after = holds_of(self._known_reservations.get(reservation_id)), holds_of(held)
            ended.extend(before - after)
            begun.extend(after - before)
        return ended, begun

    async def _write_documents(self, connection: asyncpg.Connection) -> None:
        # Sorted, so that two who make the same ones never wait for each other.
        new: list[tuple[str, str, str]] = []
        replaced: list[tuple[str, str, str]] = []
        gone: list[DocumentKey] = []
        for key, document in sorted(self._documents.items(), key=itemgetter(0)):
            is_known = self._known_documents.get(key) is not None
            if type(document) is Gone:
                gone.extend([key] if is_known else [])
                continue
            (replaced if is_known else new).append((*key, _encode(document).decode()))
        if gone:
            await connection.execute(SQL["drop_documents"], *columns(gone))
        if new:
            await connection.execute(SQL["add_documents"], *_turned(new, 3))
        if replaced:
            await connection.execute(SQL["replace_documents"], *_turned(replaced, 3))


def _numbered(reply: Reply, sequence: int) -> Reply:
    """Return ``reply`` with its sequence, as the statement puts it into the record."""
    body = bytes(reply.body).replace(_UNNUMBERED.encode(), b'"sequence":%d' % sequence)
    return replace(reply, body=Raw(body))


def holds_of(held: Reservation | None) -> set[Hold]:
    """Return the rows of ``holds`` that a reservation has."""
    if held is None or held.expires_at is None or held.status != "active":
        return set()
    return {(*line.key, held.expires_at, held.reservation_id) for line in held.lines}


def _turned(rows: Sequence[tuple[object, ...]], width: int) -> list[list[object]]:
    """Return rows as ``width`` columns, for ``unnest``."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * width
