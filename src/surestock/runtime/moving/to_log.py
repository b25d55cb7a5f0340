"""From PostgreSQL back into a log."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import asyncpg

from surestock.database import named_statements
from surestock.journal.append import AppendConfig
from surestock.kit.clock import Clock
from surestock.runtime.moving.alone import check_alone
from surestock.runtime.moving.errors import DiskFailed, MoveRefused, MoveUnproved
from surestock.runtime.moving.log_source import LogSource
from surestock.runtime.moving.log_target import LINE_RECORDS, LogTarget
from surestock.runtime.moving.proof import Proof, equal_counts
from surestock.runtime.moving.watcher import Watcher
from surestock.runtime.offline.audit import audit
from surestock.runtime.offline.tables import (
    TablesAudit,
    audit_tables,
    count_records,
    one_snapshot,
    read_base,
)

_SQL = named_statements("surestock.runtime.moving", "moving.sql")
_NAME = "surestock move"
T = TypeVar("T")


async def move_to_log(
    url: str,
    data_dir: Path,
    append: AppendConfig,
    ttl: timedelta,
    clock: Clock,
    watcher: Watcher,
    line_records: int = LINE_RECORDS,
) -> Proof:
    """Move the database at ``url`` into a data directory that is empty, or go on with that.

    Nobody can write to the database meanwhile, and it is not changed. Raises ``MoveRefused``,
    ``MoveUnproved``, ``RecordsDamaged``, ``DiskFailed``, a ``JournalError`` and a
    ``DatabaseError``; then the same call goes on.
    """
    started = clock.monotonic()
    with ExitStack() as held:
        async with one_snapshot(url, _NAME) as connection:
            target = await _begin(connection, data_dir, append, line_records)
            held.callback(target.close)
            earlier = await _check_same(connection, target)
            if earlier > target.begins_after:
                watcher.goes_on(earlier)
            audited = await _write(connection, target, ttl, clock, watcher)
            moving_s = clock.monotonic() - started
            started = clock.monotonic()
            equal = await _on_disk(_prove, audited, target, ttl, clock, watcher)
            proving_s = clock.monotonic() - started
            # The connection is still there, and so its lock was: nobody has written meanwhile.
            await connection.fetchval(_SQL["deleted_through"])
        await _on_disk(target.become_the_log)
    fold = audited.fold
    moved = audited.sequence - earlier
    return Proof(equal, fold.digest, fold.events, moved, moving_s, equal["records"], proving_s)


async def _begin(
    connection: asyncpg.Connection, data_dir: Path, append: AppendConfig, line_records: int
) -> LogTarget:
    """Let nobody write to the database, and open the log."""
    await connection.execute(_SQL["hold_head"])
    await check_alone(connection)
    begins_after = await connection.fetchval(_SQL["deleted_through"])
    base = await read_base(connection)
    return await _on_disk(LogTarget, data_dir, append, begins_after, base, line_records)


async def _check_same(connection: asyncpg.Connection, target: LogTarget) -> int:
    """Return the last record that an earlier run wrote, which must be one of the database."""
    if target.last is not None:
        body = await connection.fetchval(_SQL["record_at"], target.sequence)
        if body is None or body.encode() != target.last:
            raise MoveRefused(
                f"{target.config.directory} holds a part of another database, or this one was "
                "changed. Delete that folder, or name another directory."
            )
    return target.sequence


async def _write(
    connection: asyncpg.Connection,
    target: LogTarget,
    ttl: timedelta,
    clock: Clock,
    watcher: Watcher,
) -> TablesAudit:
    """Audit the database, and write each page of its records once that is proved."""

    async def seen(rows: list[asyncpg.Record]) -> None:
        await _on_disk(target.write, [(row["sequence"], row["body"]) for row in rows])

    watcher.begun(await count_records(connection), proving=False, unit="records")
    audited = await audit_tables(connection, ttl, clock, watcher.reached, seen)
    if audited.findings:
        told = "; ".join(f"{it.table}: {it.why}" for it in audited.findings)
        raise MoveUnproved(f"The database is damaged: {told}.")
    await _on_disk(target.complete)
    return audited


def _prove(
    audited: TablesAudit, target: LogTarget, ttl: timedelta, clock: Clock, watcher: Watcher
) -> dict[str, int]:
    """Fold the log that was written, and audit it; return what there is."""
    directory = target.config.directory
    with LogSource(target.config, ttl, clock, held=True) as source:
        watcher.begun(source.size_bytes(), proving=True, unit="bytes")
        for chunk in source.chunks(0, ""):
            watcher.reached(chunk.read_bytes)
        equal = equal_counts(audited.fold, source.fold)
    found = audit(directory, ttl, clock, lambda _: None, archived=audited.base is None)
    if found.findings:
        told = "; ".join(f"{it.path.name}: {it.why}" for it in found.findings)
        raise MoveUnproved(f"The log that was written is not sound: {told}.")
    return equal


async def _on_disk(call: Callable[..., T], *arguments: object) -> T:
    """Do something with files, in a thread. Raises :class:`DiskFailed` for an ``OSError``."""
    try:
        return await asyncio.to_thread(call, *arguments)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        raise DiskFailed(f"{where}{error.strerror or error}.") from error
