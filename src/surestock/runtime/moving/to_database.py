"""From a log into PostgreSQL."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import timedelta

from surestock.database import DatabaseConfig
from surestock.engine.log import LogConfig
from surestock.kit.clock import Clock
from surestock.runtime.moving.chunk import Chunk
from surestock.runtime.moving.database_target import DatabaseTarget
from surestock.runtime.moving.errors import MoveUnproved
from surestock.runtime.moving.log_source import CHUNK_RECORDS, LogSource
from surestock.runtime.moving.proof import Proof, equal_counts
from surestock.runtime.moving.watcher import Watcher
from surestock.runtime.offline.collector import without_collector
from surestock.runtime.offline.tables import audit_tables


async def move_to_database(
    config: LogConfig,
    database: DatabaseConfig,
    clock: Clock,
    watcher: Watcher,
    chunk_records: int = CHUNK_RECORDS,
) -> Proof:
    """Move the log of ``config`` into an empty database, or go on with that.

    The log is held meanwhile, so that nobody writes to it, and it is not changed. Raises
    ``MoveRefused``, ``MoveUnproved``, ``RecordsDamaged``, a ``JournalError``, a ``DatabaseError``
    and ``OSError``; then the same call goes on.
    """
    ttl = config.idempotency_ttl
    with without_collector(), LogSource(config, ttl, clock, chunk_records=chunk_records) as source:
        target = DatabaseTarget(database)
        try:
            await target.begin(source.begins, str(config.directory))
            # Whoever began to serve before that could be seen is seen now.
            moved = await target.begin(source.begins, str(config.directory))
            watcher.begun(source.size_bytes(), proving=False, unit="bytes")
            if moved.through > source.begins.sequence:
                watcher.goes_on(moved.through)
            started = clock.monotonic()
            count, through = await _copy(source, target, moved.through, moved.crc, watcher.reached)
            moving_s = clock.monotonic() - started
            if source.torn is not None:
                watcher.torn(f"{source.torn.segment}, byte {source.torn.offset}")
            started = clock.monotonic()
            equal = await _finish(source, target, through, ttl, clock, watcher)
        finally:
            await target.close()
    proving_s = clock.monotonic() - started
    fold = source.fold
    return Proof(equal, fold.digest, fold.events, count, moving_s, equal["records"], proving_s)


async def _copy(
    source: LogSource,
    target: DatabaseTarget,
    through: int,
    crc: str,
    progress: Callable[[int], None],
) -> tuple[int, int]:
    """Move the chunks that follow; return how many records those were, and the last one."""
    count = 0
    chunks = source.chunks(through, crc)
    while (chunk := await asyncio.to_thread(_next, chunks)) is not None:
        await target.write(through, chunk)
        through = chunk.last
        count += len(chunk.records)
        progress(chunk.read_bytes)
    return count, through


def _next(chunks: Iterator[Chunk]) -> Chunk | None:
    return next(chunks, None)


async def _finish(
    source: LogSource,
    target: DatabaseTarget,
    through: int,
    ttl: timedelta,
    clock: Clock,
    watcher: Watcher,
) -> dict[str, int]:
    """Write the state, read everything back, prove it; return what there is."""
    watcher.begun(source.fold.totals.records, proving=True, unit="records")
    deleted = source.begins.sequence
    async with target.finishing(through, deleted, source.fold, source.base) as connection:
        audit = await audit_tables(connection, ttl, clock, watcher.reached)
        if audit.findings:
            told = "; ".join(f"{it.table}: {it.why}" for it in audit.findings)
            raise MoveUnproved(f"What was moved is not what it was: {told}.")
        return equal_counts(source.fold, audit.fold)
