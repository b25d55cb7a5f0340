"""A row of processes over one engine and one platform, in the loop's time, to play one scene on."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta

from surestock.cart.model import Checkout
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.config import CheckoutConfig
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.engine.memory import MemoryEngine
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.mirror.config import MirrorConfig
from tests.checkout.process import Fate, Process
from tests.checkout.shop import STOCK
from tests.mirror.kernel import Kernel, KernelLocks, SessionLocks
from tests.mirror.shop import LoopClock, on_virtual_time

DOUBLING = SimulatedConfig(settles_s=30.0, pending_s=20.0, latency_ms=50, doubles=True)
CHECKOUT = CheckoutConfig(answer_s=5.0)
MIRROR = MirrorConfig()

MakeLocks = Callable[[Kernel, LoopClock], KernelLocks]


def kernel_locks(kernel: Kernel, _: LoopClock) -> KernelLocks:
    """Return locks as they are meant to be."""
    return kernel.locks()


def session_locks(kernel: Kernel, _: LoopClock) -> KernelLocks:
    """Return locks as a database has them."""
    return SessionLocks(kernel)


class Row:
    """``fate`` is that of the first process alone."""

    def __init__(
        self,
        fate: Fate = lambda *_: None,
        make_locks: MakeLocks = kernel_locks,
        checkout: CheckoutConfig = CHECKOUT,
        engine: Engine | None = None,
        processes: int = 3,
        mirror: MirrorConfig = MIRROR,
    ) -> None:
        self.clock = LoopClock()
        self.engine = engine or MemoryEngine(self.clock, IdSource(), timedelta(hours=24))
        self.kernel = Kernel()
        self.processes: list[Process] = []
        for place in range(processes):
            first = self.processes[0].shop.provider.shop if place else None
            own = fate if place == 0 else lambda *_: None
            locks = make_locks(self.kernel, self.clock)
            self.processes.append(
                Process(self.engine, first, self.clock, locks, own, DOUBLING, checkout, mirror)
            )

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Sell a phone, fill ann's cart, and run all processes for the length of the block."""
        await self.last.shop.stock_up()
        await self.last.shop.fill()
        for process in self.processes:
            process.start()
        await asyncio.sleep(2.5)  # the cart is synced by then, and nobody comes for it
        try:
            yield
        finally:
            for process in self.processes:
                process.die()
            for process in self.processes:
                await process.ended()

    @property
    def last(self) -> Process:
        return self.processes[-1]

    async def until(self, is_so: Callable[[Checkout | None], bool], most_s: float = 600.0) -> float:
        """Wait until ann's checkout is so; return for how many seconds that took."""
        began = self.clock.monotonic()
        async with asyncio.timeout(most_s):
            while not is_so(await self.last.shop.shop.find_checkout("ann")):  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        return self.clock.monotonic() - began

    async def check(self, *, bought: bool) -> None:
        """At most one order is there, and stock tells the same."""
        assert self.last.shop.orders == int(bought), f"{self.last.shop.orders} orders"
        level = await self.last.shop.level()
        assert (level.on_hand, level.reserved) == (STOCK - int(bought), 0)


def has_ended(checkout: Checkout | None) -> bool:
    """Tell whether there is a checkout, and it has its end."""
    return checkout is not None and not checkout.is_open


_READS = re.compile("sleep|find_document|find_answer|list_documents")


class AtGate:
    """Lets something happen at the ``at``-th gate that a process comes to, counted from 1.

    Those are counted before and after which something is another than it was.
    """

    def __init__(self, at: int, happens: Callable[[Process], object]) -> None:
        self._at = at
        self._happens = happens
        self.passed: list[str] = []
        self.counts = False

    def __call__(self, process: Process, gate: str) -> None:
        if not self.counts or _READS.search(gate) is not None:
            return
        self.passed.append(gate)
        if len(self.passed) == self._at:
            self._happens(process)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count for the length of the block."""
        self.counts = True
        try:
            yield
        finally:
            self.counts = False


def played(story: Callable[[Row], Awaitable[None]]) -> None:
    """Play a story with three processes."""

    async def play() -> None:
        row = Row()
        async with row.open():
            await story(row)

    on_virtual_time(play)


def clicks(
    process: Process, key: str | None = None, method: str | None = None
) -> asyncio.Task[CheckoutEnd]:
    """Buy as ann."""
    return asyncio.ensure_future(process.ask(lambda: process.shop.buy(key=key, method=method)))
