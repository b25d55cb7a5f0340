"""The engine on PostgreSQL, broken: it guesses, or trusts what it has in memory."""

import asyncio
import importlib
from contextlib import nullcontext
from typing import Any

_LATE_S = 0.25


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

    async def write_without_answers(self: Any, *where: Any) -> Any:
        vars(self)["_answers"].clear()
        vars(self)["_batches"].clear()
        return await write(self, *where)

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


def patient_with_the_database() -> None:
    """A connection is waited for, however long it takes."""
    lane = importlib.import_module("surestock.database.lane")
    assert "cut_after" in vars(lane)
    vars(lane).update(cut_after=lambda connection, seconds: nullcontext((connection, seconds)))


def unlocked_rows() -> None:
    """What is changed is read without a lock."""
    database = importlib.import_module("surestock.database")
    read = vars(database)["named_statements"]

    def without_locks(package: str, file: str) -> dict[str, str]:
        statements = dict(read(package, file))
        if file == "batch.sql":
            locking = [it for it in statements if it.startswith("lock_")]
            assert locking
            for name in locking:
                statements[name] = statements[name].partition("FOR UPDATE")[0]
        return statements

    vars(database).update(named_statements=without_locks)


def everybodys_turn() -> None:
    """A user's turn in one process keeps nobody in another one from it."""

    async def try_lock(self: Any, key: str) -> bool:
        del self, key
        return True

    def unlock(self: Any, key: str) -> None:
        del self, key

    async def confirm(self: Any, key: str) -> None:
        del self, key

    turns = _class("mirror.across.database", "DatabaseTurns")
    _replace(turns, try_lock=try_lock, unlock=unlock, confirm=confirm)


def two_step_worker() -> None:
    """What was folded is committed, and a little later how far that was."""
    folding = importlib.import_module("surestock.sync.outbox.folding")
    worker = importlib.import_module("surestock.sync.outbox.worker")
    fold, put = vars(folding)["fold_some"], vars(folding)["put_head"]
    heads: list[tuple[Any, bool]] = []

    async def keep_head(connection: Any, head: Any, *, by_worker: bool) -> None:
        del connection
        heads.append((head, by_worker))

    async def fold_then_tell(connection: Any, *how: Any, wait: bool) -> Any:
        folded = await fold(connection, *how, wait=wait)
        while heads:
            head, by_worker = heads.pop()
            await asyncio.sleep(_LATE_S)
            await put(connection, head, by_worker=by_worker)
        return folded

    vars(folding).update(put_head=keep_head)
    vars(worker).update(fold_some=fold_then_tell)
