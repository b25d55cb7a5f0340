"""What stands for the records that were deleted before a log was moved into the database.

It is the snapshot that the log began with, in parts, so that no row is too large. Nothing else
proves it; the records after it are proved by replaying them upon it.
"""

from collections.abc import Iterator
from datetime import datetime

import asyncpg
from msgspec import Struct, json

from surestock.database import named_statements
from surestock.inventory.model import Level, Reservation
from surestock.ledger.document import AnyDocument

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_PART = 2000


class Base(Struct):
    """The state after record ``sequence``, which was made at ``ts``.

    ``ids`` are the newest record ids by boot. ``reservations`` hold those too that have had their
    end, as far as that is known.
    """

    sequence: int
    ts: datetime
    ids: dict[str, int]
    levels: list[Level] = []
    reservations: list[Reservation] = []
    documents: list[AnyDocument] = []


class _Part(Struct, omit_defaults=True):
    levels: list[Level] = []
    reservations: list[Reservation] = []
    documents: list[AnyDocument] = []


_encode = json.Encoder().encode
_decode_head = json.Decoder(Base).decode
_decode_part = json.Decoder(_Part).decode


def parts_of(base: Base) -> Iterator[tuple[int, str]]:
    """Yield the rows that hold ``base``."""
    yield 0, _encode(Base(base.sequence, base.ts, base.ids)).decode()
    number = 1
    for name in ("levels", "reservations", "documents"):
        values = getattr(base, name)
        for start in range(0, len(values), _PART):
            yield number, _encode(_Part(**{name: values[start : start + _PART]})).decode()
            number += 1


async def read_base(connection: asyncpg.Connection) -> Base | None:
    """Return what the records of the database follow from; None when they begin with record 1."""
    rows = await connection.fetch(_SQL["base"])
    if not rows:
        return None
    base = _decode_head(rows[0]["body"])
    for row in rows[1:]:
        part = _decode_part(row["body"])
        base.levels += part.levels
        base.reservations += part.reservations
        base.documents += part.documents
    return base
