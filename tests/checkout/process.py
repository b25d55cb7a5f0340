"""One of several processes, that may die at any of its calls, or stand still there for any time.

Whatever it calls outside of itself passes a gate, before and after. A call that has left for the
platform is carried out there, whatever becomes of its process meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from surestock.checkout.config import CheckoutConfig
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.shop import Shop as Platform
from surestock.kit.clock import Clock
from surestock.ledger.port import Engine
from surestock.mirror.config import MirrorConfig
from tests.checkout.points import VERBS
from tests.checkout.shop import Shared, TestShop
from tests.mirror.kernel import KernelLocks, SessionLocks

T = TypeVar("T")

_ENGINE = {"transact", "find_document", "find_answer", "list_documents"}

BEFORE_PLACING = "before place_order NoneType"

Fate = Callable[["Process", str], None]
"""Is asked at each gate, by its name, and may stop the process there, or end it."""


class ConnectionLost(Exception):
    """The process died before it answered."""


class Process:
    """A desk, a mirror, and the locks of both."""

    def __init__(
        self,
        engine: Engine,
        platform: Platform | None,
        clock: Clock,
        locks: KernelLocks,
        fate: Fate = lambda *_: None,
        config: SimulatedConfig | None = None,
        checkout: CheckoutConfig | None = None,
        mirror: MirrorConfig | None = None,
    ) -> None:
        self.locks = locks
        self._clock = clock
        self._fate = fate
        self._goes = asyncio.Event()
        self._goes.set()
        self._tasks: dict[asyncio.Task[Any], None] = {}  # in their order, for the seed
        self._at = self.stands_at = ""
        if isinstance(locks, SessionLocks):
            locks.gate = self.gate
        watched: Any = _Gated(engine, _ENGINE, self, is_far=False)
        self.shop = TestShop(
            watched,
            platform,
            clock,
            config or SimulatedConfig(settles_s=30.0, doubles=True),
            checkout,
            wrap=lambda provider: _Gated(provider, VERBS, self, is_far=True),
            sleep=self._sleep,
            shared=Shared(locks, mirror or MirrorConfig(), asyncio.sleep),
        )

    @property
    def is_dead(self) -> bool:
        return self.locks.is_dead

    @property
    def is_going(self) -> bool:
        return self._goes.is_set() and not self.is_dead

    def start(self) -> None:
        """Work on what is asked for, recover, reap and sync."""
        self._own(self.shop.desk.run)
        self._own(self.shop.mirrors.run)

    def stop(self) -> None:
        """Stand still."""
        if not self.is_dead:
            self._goes.clear()
            self.stands_at = self._at
            self.locks.stands_since = self._clock.monotonic()

    def go_on(self) -> None:
        """Stand still no longer."""
        self.stands_at = ""
        self.locks.stands_since = None
        self._goes.set()

    def lose_turns(self) -> None:
        """Have no turn any more, unless it stands still at the call that it made sure for."""
        if isinstance(self.locks, SessionLocks) and self.stands_at != BEFORE_PLACING:
            self.locks.lose()

    def die(self) -> None:
        """End at once, wherever it is."""
        self.locks.die()
        self._goes.set()
        for task in list(self._tasks):
            task.cancel()

    async def ended(self) -> None:
        """Wait until nothing of a dead process is left."""
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            if isinstance(end, AssertionError):
                raise end

    async def ask(self, request: Callable[[], Awaitable[T]]) -> T:
        """Answer a request. Raises :class:`ConnectionLost`."""
        if self.is_dead:
            raise ConnectionLost
        task = self._own(request)
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            task.cancel()  # the client has hung up
            raise
        if task.cancelled():
            raise ConnectionLost
        return task.result()

    async def gate(self, name: str) -> None:
        """Pass, once the process goes on; if it is dead, end here."""
        if not self.is_dead:
            self._at = name
            self._fate(self, name)
        while not self._goes.is_set():
            await self._goes.wait()
        if self.is_dead:
            raise asyncio.CancelledError

    def _own(self, work: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        task = asyncio.ensure_future(_run(work))
        self._tasks[task] = None
        task.add_done_callback(lambda ended: self._tasks.pop(ended, None))
        return task

    async def _sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        await self.gate("sleep")


async def _run(work: Callable[[], Awaitable[T]]) -> T:
    return await work()


class _Gated:
    """An engine or a platform, as a process reaches it."""

    def __init__(self, inner: object, names: set[str], process: Process, *, is_far: bool) -> None:
        self._inner = inner
        self._names = names
        self._process = process
        self._is_far = is_far

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found

        async def call(*args: object) -> object:
            told = f"{name} {type(getattr(args[0], 'command', None)).__name__}"
            await self._process.gate(f"before {told}")
            task = asyncio.ensure_future(found(*args))
            task.add_done_callback(_look_at)
            answer = await (asyncio.shield(task) if self._is_far else task)
            await self._process.gate(f"after {told}")
            return answer

        return call


def _look_at(task: "asyncio.Future[object]") -> None:
    """Take the error of a call whose process is not there any more."""
    if not task.cancelled():
        task.exception()
