"""The audit of a database: its records are replayed, and all other tables held against that.

It sees one snapshot, so servers may go on beside it. Damage of the records ends it, since nothing
after can be believed; what is wrong with the tables that follow from them is gathered.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import asyncpg
from msgspec import DecodeError, Struct, ValidationError, json

from surestock.database import named_statements
from surestock.inventory.invariants import InvariantViolation
from surestock.kit.clock import Clock
from surestock.ledger.record import Record
from surestock.runtime.offline.collector import without_collector
from surestock.runtime.offline.tables.base import Base, read_base
from surestock.runtime.offline.tables.central import CentralTable
from surestock.runtime.offline.tables.errors import RecordsDamaged, TableFinding
from surestock.runtime.offline.tables.fold import TableReplay
from surestock.runtime.offline.tables.session import pages
from surestock.runtime.offline.tables.state import StateTables

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_SWEEP_MAY_BE_EARLY = timedelta(minutes=1)
_decode = json.Decoder(Record).decode

Told = Callable[[int], None]
Seen = Callable[[list[asyncpg.Record]], Awaitable[None]]


async def _unseen(_: list[asyncpg.Record]) -> None:
    pass


class TablesAudit(Struct, frozen=True):
    """What was looked at, and found. ``fold`` is what the records amount to.

    ``base`` is the record that the replay began after, None when it began with record 1.
    """

    base: int | None
    sequence: int
    fold: TableReplay
    answers: int
    holds: int
    central_sequence: int
    central_skus: int
    doubted: list[str]
    findings: list[TableFinding]


async def audit_tables(
    connection: asyncpg.Connection,
    ttl: timedelta,
    clock: Clock,
    progress: Told = lambda _: None,
    seen: Seen = _unseen,
) -> TablesAudit:
    """Check the database that ``connection`` sees in one snapshot.

    ``progress`` gets the records done, now and then, ``seen`` each page of rows of ``records``, in
    order, once they are proved. Raises :class:`RecordsDamaged` at the first record that does not
    follow, and what the connection raises.
    """
    with without_collector():
        return await _Pass(connection, ttl, clock.now()).run(progress, seen)


class _Pass:
    """One audit."""

    def __init__(self, connection: asyncpg.Connection, ttl: timedelta, now: datetime) -> None:
        self._connection = connection
        self._fold = TableReplay(ttl, now - ttl + _SWEEP_MAY_BE_EARLY)
        self._central = CentralTable(connection)
        self._base: Base | None = None
        self._last = 0

    async def run(self, progress: Told, seen: Seen) -> TablesAudit:
        head = await self._connection.fetchrow(_SQL["head"])
        if head is None:
            raise RecordsDamaged(0, "there is no head")
        await self._begin(head["deleted_through"])
        await self._central.begin(self._fold, head["sequence"])
        async for rows in pages(self._connection, _SQL["records"]):
            await self._page(rows)
            await seen(rows)
            progress(self._fold.totals.records)
        if self._last != head["sequence"]:
            why = f"the head says {head['sequence']}, and the records end with {self._last}"
            raise RecordsDamaged(self._last + 1, why)
        tables = StateTables(self._connection, self._fold)
        findings = [*self._central.findings, *await tables.compare()]
        return TablesAudit(
            base=None if self._base is None else self._base.sequence,
            sequence=self._last,
            fold=self._fold,
            answers=tables.answers,
            holds=tables.holds,
            central_sequence=self._central.sequence,
            central_skus=self._central.skus,
            doubted=sorted(self._central.doubted),
            findings=findings,
        )

    async def _begin(self, deleted_through: int) -> None:
        """Begin with record 1, or with what stands for those that were deleted."""
        self._last = deleted_through
        self._base = base = await read_base(self._connection)
        if base is not None:
            self._fold.begin_at_base(base)
        elif deleted_through:
            raise RecordsDamaged(
                deleted_through, "it was deleted, and nothing stands for it and those before"
            )

    async def _page(self, rows: list[asyncpg.Record]) -> None:
        for row in rows:
            record = self._record(row)
            try:
                if self._base is not None and record.sequence <= self._base.sequence:
                    self._fold.past(record)
                else:
                    self._fold.record(record)
            except (InvariantViolation, ValueError) as error:
                raise RecordsDamaged(record.sequence, str(error)) from error
            if record.sequence == self._central.sequence:
                await self._central.compare(self._fold)
        self._fold.rest()

    def _record(self, row: asyncpg.Record) -> Record:
        sequence: int = row["sequence"]
        if sequence != self._last + 1:
            raise RecordsDamaged(self._last + 1, f"it is missing: record {sequence} follows")
        self._last = sequence
        body = row["body"].encode()
        try:
            record = _decode(body)
        except (ValidationError, DecodeError, ValueError) as error:
            raise RecordsDamaged(sequence, f"it does not decode: {error}") from error
        if (record.sequence, record.id) != (sequence, row["id"]):
            raise RecordsDamaged(sequence, f"it says to be {record.sequence}, {record.id}")
        self._fold.saw(body)
        return record
