"""A log engine whose disk fails: who keeps it healthy, who watches its breaker."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import create_task_group

from surestock.engine.log import LogEngine, LogObserver
from surestock.inventory.unavailable import ReadOnly
from surestock.resilience.breaker import BreakerConfig, BreakerState
from tests.engine.log.bench import adjust, sent
from tests.engine.log.test_group_commit import answer_of
from tests.faults.plan import no_room

THREE = BreakerConfig(threshold=3, cooldown_s=0.05)
WRITES = ("journal.write", "journal.probe.write")


class Watching(LogObserver):
    """Keeps what an engine tells, and in which thread."""

    def __init__(self) -> None:
        self.breakers: list[tuple[str, int]] = []
        self.synced_s: list[float] = []
        self.threads: set[str] = set()
        self.torn_whys: list[str] = []

    def breaker(self, state: BreakerState, openings: int) -> None:
        self.breakers.append((state, openings))
        self.threads.add(threading.current_thread().name)

    def synced(self, seconds: float) -> None:
        self.synced_s.append(seconds)
        self.threads.add(threading.current_thread().name)

    def torn(self, aside: object, why: str) -> None:
        self.torn_whys.append(why)


class Gate:
    """Where a thread waits until it is opened; bounded, so that a failing test comes to its end."""

    def __init__(self) -> None:
        self._opened = threading.Event()

    def __call__(self) -> None:
        self._opened.wait(60)

    def open(self) -> None:
        self._opened.set()


@asynccontextmanager
async def kept(engine: LogEngine) -> AsyncIterator[None]:
    """Keep the engine healthy inside, as its owner does."""
    async with create_task_group() as tasks:
        tasks.start_soon(engine.keep_healthy)
        yield
        tasks.cancel_scope.cancel()


async def until(happened: Callable[[], bool]) -> None:
    """Return once something has happened; the test's time-out bounds it."""
    while not happened():  # noqa: ASYNC110 - what happens here sets no event
        await asyncio.sleep(0.001)


async def until_it_is(engine: LogEngine, state: str) -> None:
    """Return once the breaker has that state."""
    await until(lambda: engine.status().breaker == state)


async def fail(engine: LogEngine, times: int) -> None:
    """Send commands, one batch each, that cannot be written."""
    with no_room(*WRITES):
        for _ in range(times):
            assert isinstance(await answer_of(engine.transact(sent(adjust(-1)))), ReadOnly)
