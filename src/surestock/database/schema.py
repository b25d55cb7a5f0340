"""The tables, made by numbered migrations: each is applied once, whole, and never changed after."""

import re
from collections.abc import Callable
from hashlib import blake2b
from importlib.resources import files

import asyncpg
from msgspec import Struct

from surestock.database.errors import SchemaBehind
from surestock.database.named import named_statements

_SQL = named_statements("surestock.database", "schema.sql")
_FILE = re.compile(r"^(\d{4})_(\w+)\.sql$")
_REMEDY = "run `surestock migrate`"


class Migration(Struct, frozen=True):
    """One step of the schema. ``digest`` tells whether it is the one that was applied."""

    number: int
    name: str
    digest: str
    statements: str = ""

    def __str__(self) -> str:
        return f"{self.number:04} {self.name}"


def _read_migrations() -> list[Migration]:
    known = []
    for file in files("surestock.database").joinpath("migrations").iterdir():
        named = _FILE.match(file.name)
        if named is not None:
            text = file.read_text(encoding="utf-8")
            digest = blake2b(text.encode(), digest_size=16).hexdigest()
            known.append(Migration(int(named[1]), named[2], digest, text))
    return sorted(known, key=lambda it: it.number)


# Read with the code, and not when a server starts: that must not wait for the disk.
_KNOWN = _read_migrations()


def known_migrations() -> list[Migration]:
    """Return the migrations of this release, in order."""
    return list(_KNOWN)


async def applied_migrations(connection: asyncpg.Connection) -> list[Migration]:
    """Return the migrations that the database has, in order."""
    if not await connection.fetchval(_SQL["has_schema"]):
        return []
    return [Migration(*row) for row in await connection.fetch(_SQL["applied"])]


async def check_schema(connection: asyncpg.Connection) -> None:
    """Raise :class:`SchemaBehind` unless the database has the schema of this release."""
    missing = _missing(await applied_migrations(connection))
    if missing:
        raise SchemaBehind(f"its schema is not up to date: {_REMEDY}")


async def migrate(
    connection: asyncpg.Connection, applied: Callable[[Migration], None] = lambda _: None
) -> None:
    """Bring the schema up to date; ``applied`` is told of each migration that was missing.

    Each is one transaction, and one process at a time migrates. Raises :class:`SchemaBehind` when
    the database was migrated by another release.
    """
    await _make_place(connection)
    while True:
        async with connection.transaction():
            await connection.execute(_SQL["lock"])
            missing = _missing(await applied_migrations(connection))
            if not missing:
                return
            step = missing[0]
            await connection.execute(step.statements)
            await connection.execute(_SQL["note"], step.number, step.name, step.digest)
        applied(step)


async def _make_place(connection: asyncpg.Connection) -> None:
    """Make the table of migrations where it is missing: who has one need not be able to."""
    if await connection.fetchval(_SQL["has_schema"]):
        return
    try:
        await connection.execute(_SQL["begin"])
    except (
        asyncpg.DuplicateSchemaError,
        asyncpg.DuplicateTableError,
        asyncpg.UniqueViolationError,
    ):
        # Another process was making it, which no IF NOT EXISTS sees, and has it made by now.
        await connection.execute(_SQL["begin"])


def _missing(applied: list[Migration]) -> list[Migration]:
    known = known_migrations()
    for mine, theirs in zip(known, applied, strict=False):
        if (mine.number, mine.digest) != (theirs.number, theirs.digest):
            raise SchemaBehind(
                f"migration {theirs} was not applied as this release has it; use the release that "
                "made the schema, or restore it"
            )
    if len(applied) > len(known):
        raise SchemaBehind(f"a newer release has applied {applied[-1]}; use that release")
    return known[len(applied) :]
