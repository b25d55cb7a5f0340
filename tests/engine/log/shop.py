"""A log with sales in it, in segments of three records, its upkeep, and the check of a start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.log.recovery import Replay
from surestock.engine.log.upkeep import Done, UpkeepConfig, upkeep
from surestock.engine.state import State
from surestock.idempotency import NoKeys
from surestock.inventory.commands import CommitReservation
from surestock.inventory.model import StockKey
from surestock.journal.append import AppendConfig
from surestock.journal.scan import Scan
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from tests.engine.log.bench import count, reserve, sent

KEY: StockKey = ("s1", "apple")
DAY = timedelta(hours=24)
DERIVED = ("snapshots", "index", "central")


def log_config(root: Path) -> LogConfig:
    return LogConfig(root / "event-log", AppendConfig(segment_records=3), DAY)


def keep_up(root: Path, clock: ManualClock, *, archive: bool = True) -> Done:
    return upkeep(UpkeepConfig(log_config(root), 6, archive), clock.now())


@asynccontextmanager
async def engine_in(root: Path, clock: ManualClock) -> AsyncIterator[LogEngine]:
    engine = LogEngine(log_config(root), clock, IdSource())
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def sell(engine: LogEngine, first: int, last: int) -> list[str]:
    """Reserve a unit under the keys ``first`` to ``last``, commit each; return their ids."""
    sold = []
    for number in range(first, last + 1):
        held = await engine.transact(sent(reserve(1), f"order-{number}"))
        assert held.reply.reservation_id is not None
        await engine.transact(sent(CommitReservation(held.reply.reservation_id)))
        sold.append(held.reply.reservation_id)
    return sold


async def open_shop(root: Path, clock: ManualClock, orders: int = 20) -> list[str]:
    """A log of 1 + 2 * ``orders`` records, and one more that is reserved and stays so."""
    async with engine_in(root, clock) as engine:
        await engine.transact(sent(count(100), "opening"))
        sold = await sell(engine, 1, orders)
        await engine.transact(sent(reserve(2, ttl_s=60), "kept"))
    return sold


def folded(root: Path) -> State:
    """The state by the whole log, its archive included, and by nothing else."""
    state = State()
    fold = Replay(state, NoKeys())
    for place, commit in Scan(root / "event-log", root / "archive"):
        fold.line(place, commit)
    return state


async def check(root: Path, clock: ManualClock, sold: list[str]) -> None:
    """Start, and compare everything that can be asked with the fold of the whole log."""
    state = folded(root)
    async with engine_in(root, clock) as engine:
        assert await engine.find_level(KEY) == state.level(KEY)
        for reservation_id in sold:
            assert await engine.find_reservation(reservation_id) == state.reservation(
                reservation_id
            )
        for number in (1, len(sold) // 2, len(sold)):
            again = await engine.transact(sent(reserve(1), f"order-{number}"))
            assert (again.replayed, again.reply.reservation_id) == (True, sold[number - 1])
        records = await engine.records(0, 1000)
        assert [it.sequence for it in records] == list(range(1, len(records) + 1))
        assert (await engine.records(7, 2))[0].sequence == 8
        level = state.level(KEY)
        assert level is not None
        assert (await engine.history(KEY, 0, 1000))[-1].version == level.version
