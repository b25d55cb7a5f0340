"""The engine on PostgreSQL, broken: it guesses, or trusts what it has in memory."""

import importlib
from typing import Any


def _class(module: str, name: str) -> Any:
    return vars(importlib.import_module(f"surestock.{module}"))[name]


def _replace(broken: Any, **replaced: Any) -> None:
    for name, method in replaced.items():
        getattr(broken, name)  # a tooth that breaks nothing must not go unnoticed
        setattr(broken, name, method)


def no_key_rows() -> None:
    """What was answered to a key stands in no table."""
    rows = _class("engine.postgres.writing", "Rows")
    write = rows.write

    async def write_without_answers(self: Any, *where: Any) -> None:
        vars(self)["_answers"].clear()
        vars(self)["_batches"].clear()
        await write(self, *where)

    _replace(rows, write=write_without_answers)


def hasty_doubt() -> None:
    """What is not there when it is looked for will not come any more."""
    statements = _class("engine.postgres.loading", "SQL")

    async def went_through(self: Any, connection: Any) -> bool:
        found = await connection.fetchval(statements["id_of_record"], self.promised.sequence)
        return bool(found == self.promised.record_id)

    _replace(_class("engine.postgres.doubt", "Doubt"), went_through=went_through)


def unchecked_server() -> None:
    """Nobody asks the server whether it may be trusted."""

    def check(found: Any) -> None:
        del found

    connection = importlib.import_module("surestock.database.connection")
    assert "_check" in vars(connection)
    vars(connection).update(_check=check)


def cached_reads() -> None:
    """A level that was read is known from then on, until this process changes it."""
    reads = _class("engine.postgres.engine", "PostgresEngine")
    find_level, transact = reads.find_level, reads.transact
    known: dict[Any, Any] = {}

    async def find_level_once(self: Any, key: Any) -> Any:
        if key not in known:
            known[key] = await find_level(self, key)
        return known[key]

    async def transact_and_forget(self: Any, envelope: Any) -> Any:
        known.clear()
        return await transact(self, envelope)

    _replace(reads, find_level=find_level_once, transact=transact_and_forget)
