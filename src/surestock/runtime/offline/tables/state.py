"""The tables that hold what all records amount to, against the fold of the records."""

from collections.abc import Callable
from datetime import datetime

import asyncpg
from msgspec import DecodeError, Struct, ValidationError, json

from surestock.database import named_statements
from surestock.idempotency import IdempotencyKey
from surestock.inventory.model import Level, Reservation
from surestock.ledger.document import AnyDocument
from surestock.runtime.offline.tables.errors import TableFinding
from surestock.runtime.offline.tables.fold import TableReplay, encode
from surestock.runtime.offline.tables.session import pages

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_TOLD = 10
_UNREADABLE = (DecodeError, ValidationError, ValueError)


class _Keyed(Struct):
    idempotency: IdempotencyKey | None = None


_decode_reservation = json.Decoder(Reservation).decode
_decode_document = json.Decoder(AnyDocument).decode
_decode_keyed = json.Decoder(_Keyed).decode


class StateTables:
    """Compares each table with ``fold``. ``answers`` and ``holds`` count rows."""

    def __init__(self, connection: asyncpg.Connection, fold: TableReplay) -> None:
        self._connection = connection
        self._fold = fold
        self._findings: list[TableFinding] = []
        self._told: dict[str, int] = {}
        self.answers = 0
        self.holds = 0

    async def compare(self) -> list[TableFinding]:
        """Read every table; return what is wrong, the first few of each."""
        await self._levels()
        await self._versions()
        await self._reservations()
        await self._holds()
        await self._documents()
        await self._answers()
        for table, told in self._told.items():
            if told > _TOLD:
                self._findings.append(TableFinding(table, f"{told - _TOLD:,} more rows are wrong"))
        return self._findings

    async def _rows(self, name: str, look: Callable[[asyncpg.Record], object]) -> int:
        count = 0
        async for page in pages(self._connection, _SQL[name]):
            count += len(page)
            for row in page:
                try:
                    look(row)
                except _UNREADABLE as error:
                    self._found(name, f"a row does not decode: {error}")
        return count

    async def _levels(self) -> None:
        expected = self._fold.books.levels

        def look(row: asyncpg.Record) -> None:
            level = Level(*row)
            if expected.get(level.key) != level:
                self._found(
                    "levels", f"it holds {level}, the records amount to {expected.get(level.key)}"
                )

        self._counted("levels", await self._rows("levels", look), len(expected))

    async def _versions(self) -> None:
        left = dict(self._fold.totals.version_sums)

        def look(row: asyncpg.Record) -> None:
            store_id, sku, version, sequence = row
            key = (store_id, sku)
            left[key] = left.get(key, 0) - hash((version, sequence))

        count = await self._rows("versions", look)
        for (store_id, sku), difference in left.items():
            if difference:
                why = f"those of SKU {sku} in store {store_id} are not what its records tell"
                self._found("versions", why)
        self._counted("versions", count, self._fold.totals.versions)

    async def _reservations(self) -> None:
        expected = self._fold.books.reservations
        ended = ended_sum = 0

        def look(row: asyncpg.Record) -> None:
            nonlocal ended, ended_sum
            held = _decode_reservation(row["body"])
            if held.reservation_id != row["id"]:
                self._found("reservations", f"{row['id']} holds {held.reservation_id}")
            if held.status != "active":
                ended += 1
                ended_sum += hash(encode(held))
            elif expected.get(held.reservation_id) != held:
                amount = expected.get(held.reservation_id)
                self._found("reservations", f"it holds {held}, the records amount to {amount}")

        count = await self._rows("reservations", look)
        totals = self._fold.totals
        if ended == totals.ended and ended_sum != totals.ended_sum:
            self._found("reservations", "one that has had its end is not as its record left it")
        self._counted("reservations", count, len(expected) + totals.ended)

    async def _holds(self) -> None:
        expected: set[tuple[str, str, datetime, str]] = {
            (*line.key, held.expires_at, held.reservation_id)
            for held in self._fold.books.reservations.values()
            if held.expires_at is not None
            for line in held.lines
        }

        def look(row: asyncpg.Record) -> None:
            hold = tuple(row)
            if hold not in expected:
                self._found("holds", f"no active reservation has {hold}")

        self.holds = await self._rows("holds", look)
        self._counted("holds", self.holds, len(expected))

    async def _documents(self) -> None:
        expected = self._fold.books.documents

        def look(row: asyncpg.Record) -> None:
            document = _decode_document(row["body"])
            key = (row["kind"], row["id"])
            if document.key != key or expected.get(key) != document:
                self._found("documents", f"{key} is not as the records leave it")

        self._counted("documents", await self._rows("documents", look), len(expected))

    async def _answers(self) -> None:
        live = dict(self._fold.totals.live)

        def look(row: asyncpg.Record) -> None:
            digest, sequence, body = row
            if body is None:
                return self._found("answers", f"{digest.hex()} names record {sequence}: none")
            key = _decode_keyed(body).idempotency
            if key is None or digest.hex() not in (key.digest, key.batch):
                self._found("answers", f"record {sequence} does not answer {digest.hex()}")
            elif live.pop(digest, sequence) != sequence:
                self._found("answers", f"{digest.hex()} was not answered first by {sequence}")
            return None

        self.answers = await self._rows("answers", look)
        for digest, sequence in live.items():
            self._found("answers", f"{digest.hex()} is missing, which record {sequence} answered")

    def _counted(self, table: str, rows: int, expected: int) -> None:
        if rows != expected:
            self._found(table, f"it holds {rows:,} rows, the records amount to {expected:,}")

    def _found(self, table: str, why: str) -> None:
        told = self._told[table] = self._told.get(table, 0) + 1
        if told <= _TOLD:
            self._findings.append(TableFinding(table, why))
