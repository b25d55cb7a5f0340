"""Read rows into what the domain works with."""

from collections.abc import Collection, Iterable
from datetime import datetime

import asyncpg
from msgspec import Struct, json

from surestock.database import named_statements
from surestock.engine.postgres.loaded import Loaded
from surestock.engine.postgres.waiting import Waiting
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.ledger.document import AnyDocument
from surestock.ledger.record import Record

SQL = named_statements("surestock.engine.postgres", "batch.sql")

decode_record = json.Decoder(Record).decode
decode_reservation = json.Decoder(Reservation).decode
_decode_document = json.Decoder(AnyDocument).decode


class Keys(Struct, frozen=True):
    """The keys of a batch, each once, sorted as rows are locked."""

    documents: list[DocumentKey]
    levels: list[StockKey]

    def both(self) -> list[StockKey]:
        """Return all of them, in order."""
        return [*self.documents, *self.levels]


def sorted_keys(keys: Iterable[StockKey]) -> Keys:
    """Tell the keys of documents, whose kinds begin with ``#``, from those of levels."""
    in_order = sorted(set(keys))
    return Keys(
        [key for key in in_order if key[0].startswith("#")],
        [key for key in in_order if not key[0].startswith("#")],
    )


def columns(keys: Collection[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return pairs as two columns, for ``unnest``."""
    return [key[0] for key in keys], [key[1] for key in keys]


def level_of(row: asyncpg.Record) -> Level:
    """Return the level in a row of the six columns of ``levels``."""
    return Level(*row)


def document_of(row: asyncpg.Record) -> Document:
    """Return the document in a row of ``documents``."""
    document: Document = _decode_document(row["body"])
    return document


async def read_documents(
    connection: asyncpg.Connection, statement: str, keys: list[DocumentKey]
) -> list[Document]:
    """Return the documents that a statement finds for ``keys``."""
    if not keys:
        return []
    return [document_of(row) for row in await connection.fetch(SQL[statement], *columns(keys))]


async def read_levels(
    connection: asyncpg.Connection, statement: str, keys: list[StockKey]
) -> list[Level]:
    """Return the levels that a statement finds for ``keys``."""
    if not keys:
        return []
    return [level_of(row) for row in await connection.fetch(SQL[statement], *columns(keys))]


async def load_asked(connection: asyncpg.Connection, loaded: Loaded) -> None:
    """Read what was asked for, without locks, until nothing is left to read."""
    asked = loaded.asked
    levels, documents = list(asked.levels), list(asked.documents)
    reservations = list(asked.reservations)
    loaded.put_levels(levels, await read_levels(connection, "find_levels", levels))
    loaded.put_documents(documents, await read_documents(connection, "find_documents", documents))
    if reservations:
        rows = await connection.fetch(SQL["find_reservations"], reservations)
        loaded.put_reservations(reservations, (decode_reservation(row["body"]) for row in rows))


async def lock_rows(
    connection: asyncpg.Connection, loaded: Loaded, keys: Keys, *, around: bool
) -> set[StockKey]:
    """Lock the rows of ``keys`` in order, and read them; with ``around``, without waiting.

    Returns the keys whose rows are there, and were not had: another transaction has them, or made
    them while others were waited for. Nothing is known of them then.
    """
    free = "_free" if around else ""
    documents = await read_documents(connection, f"lock{free}_documents", keys.documents)
    loaded.put_documents(keys.documents, documents)
    levels = await read_levels(connection, f"lock{free}_levels", keys.levels)
    loaded.put_levels(keys.levels, levels)
    missed = await present(connection, loaded.absent)
    loaded.forget(missed)
    return missed


async def present(connection: asyncpg.Connection, keys: set[StockKey]) -> set[StockKey]:
    """Return those of ``keys`` under which something is committed by now."""
    found: set[StockKey] = set()
    wanted = sorted_keys(keys)
    for statement, some in (
        ("present_documents", wanted.documents),
        ("present_levels", wanted.levels),
    ):
        if some:
            rows = await connection.fetch(SQL[statement], *columns(some))
            found.update((row[0], row[1]) for row in rows)
    return found


async def look_around(
    connection: asyncpg.Connection,
    loaded: Loaded,
    levels: list[StockKey],
    now: datetime,
    named: list[str],
    digests: list[bytes],
) -> dict[str, Record]:
    """Read what is due on the levels, and reservations by name; return the answers to keys.

    It is a statement of its own: it sees what was committed while the locks were waited for.
    """
    rows = await connection.fetch(SQL["look_around"], *columns(levels), now, named, digests)
    held = [decode_reservation(row["body"]) for row in rows if row["digest"] is None]
    loaded.put_reservations(named, held)
    return {
        row["digest"].hex(): decode_record(row["body"]) for row in rows if row["digest"] is not None
    }


async def stand_by(connection: asyncpg.Connection) -> None:
    """Return once all that the connection has seen outlives the server, as a commit here does.

    A commit that still waits for a synchronous standby can be seen when the server was restarted
    meanwhile. Whoever is told of it must not lose it with this server.
    """
    await connection.execute(SQL["stand_by"])


def digests_of(batch: Iterable[Waiting]) -> list[bytes]:
    """Return the digests of the keys of commands, and of the batches that they are rows of."""
    digests: set[str] = set()
    for waiting in batch:
        key = waiting.envelope.idempotency
        if key is not None:
            digests.add(key.digest)
            if key.batch is not None:
                digests.add(key.batch)
    return [bytes.fromhex(digest) for digest in digests]
