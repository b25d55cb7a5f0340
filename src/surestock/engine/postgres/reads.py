"""What else is read of the PostgreSQL engine: committed state, too."""

import asyncpg

from surestock.engine.postgres.levels import SQL, LevelReads, wait_for_those_who_change
from surestock.engine.postgres.loading import decode_record, decode_reservation, document_of
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.due import as_of
from surestock.inventory.model import Reservation, StockKey
from surestock.inventory.refusals import RecordsDeleted
from surestock.ledger.history import HistoryEntry, explain
from surestock.ledger.record import Record


class PostgresReads(LevelReads):
    """The reading half of :class:`~surestock.engine.postgres.PostgresEngine`."""

    async def find_reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation, as expired when it is due, or None."""

        async def read(connection: asyncpg.Connection) -> Reservation | None:
            held = await _reservation(connection, reservation_id)
            if held is None or not held.is_due(self._clock.now()):
                return held
            keys = sorted({line.key for line in held.lines})
            await wait_for_those_who_change(connection, keys)
            now = self._clock.now()
            held = await _reservation(connection, reservation_id)
            return held and as_of(held, now)

        return await self._reader.ask(read)

    async def find_document(self, key: DocumentKey) -> Document | None:
        """Return the document, or None."""

        async def read(connection: asyncpg.Connection) -> Document | None:
            row = await connection.fetchrow(SQL["document"], *key)
            return None if row is None else document_of(row)

        return await self._reader.ask(read)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""

        async def read(connection: asyncpg.Connection) -> list[Document]:
            rows = await connection.fetch(SQL["page_of_documents"], kind, after, limit)
            return [document_of(row) for row in rows]

        return await self._reader.ask(read)

    async def records(self, after: int, limit: int) -> list[Record]:
        """Return up to ``limit`` records with a sequence above ``after``, in order.

        Raises ``RecordsDeleted`` when the log was moved here without its beginning.
        """

        async def read(connection: asyncpg.Connection) -> list[Record]:
            await _check_reach(connection, after)
            rows = await connection.fetch(SQL["records"], after, limit)
            return [decode_record(row["body"]) for row in rows]

        return await self._reader.ask(read)

    async def history(self, key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        """Return what up to ``limit`` records after sequence ``after`` did to a level."""

        async def read(connection: asyncpg.Connection) -> list[HistoryEntry]:
            await _check_reach(connection, after)
            version = await _version_after(connection, key, after)
            rows = await connection.fetch(SQL["history"], *key, version, limit)
            records = [decode_record(row["body"]) for row in rows]
            return [entry for record in records for entry in explain(record, key)]

        return await self._reader.ask(read)


async def _reservation(connection: asyncpg.Connection, reservation_id: str) -> Reservation | None:
    body = await connection.fetchval(SQL["reservation"], reservation_id)
    return None if body is None else decode_reservation(body)


async def _check_reach(connection: asyncpg.Connection, after: int) -> None:
    deleted_through = await connection.fetchval(SQL["deleted_through"])
    if after < deleted_through:
        raise RecordsDeleted(deleted_through + 1)


async def _version_after(connection: asyncpg.Connection, key: StockKey, after: int) -> int:
    """Return the first version of a level that a record after ``after`` gave it.

    Versions and sequences grow together, so it is found by halving.
    """
    low = await connection.fetchval(SQL["oldest_version"], *key)
    high = await connection.fetchval(SQL["newest_version"], *key)
    if low is None or high is None:
        return 0
    high += 1
    while after and low < high:
        middle = (low + high) // 2
        sequence = await connection.fetchval(SQL["sequence_of_version"], *key, middle)
        if sequence <= after:
            low = middle + 1
        else:
            high = middle
    return int(low)
