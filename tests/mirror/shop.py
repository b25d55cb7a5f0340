"""A shop whose time is the event loop's: an engine, a platform, and the mirror between them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import orjson

from surestock.cart.commands import AddItem, DropCart, PutProduct, RemoveItem, SetItemQuantity
from surestock.cart.model import Cart
from surestock.engine.memory.engine import MemoryEngine
from surestock.inventory.document import Document, DocumentKey
from surestock.inventory.unavailable import ReadOnly
from surestock.kit.ids import IdSource
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope, Outcome
from surestock.mirror import MirrorConfig, Mirrors, UserQueue
from surestock.telemetry.log import make_log
from tests.mirror.platform import FakePlatform
from tests.resilience.virtual_loop import VirtualLoop

T = TypeVar("T")

CONFIG = MirrorConfig(at_once=16, sync_s=3600.0)
"""A slow call takes longer here than a sync may otherwise, so that each comes to its own end."""
SKUS = ("P1", "P2", "P3", "P4", "P5")
PRICE = 1999


class LoopClock:
    """The loop's time, which jumps: both clocks in step with every sleep."""

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()


class Desk:
    """An engine that can be told to take nothing on. Each answer comes a turn of the loop later."""

    def __init__(self, engine: MemoryEngine) -> None:
        self.engine = engine
        self.read_only = False
        self.records: list[Command] = []

    async def transact(self, envelope: Envelope) -> Outcome:
        await asyncio.sleep(0)
        if self.read_only:
            raise ReadOnly
        outcome = await self.engine.transact(envelope)
        self.records.append(envelope.command)
        return outcome

    async def find_document(self, key: DocumentKey) -> Document | None:
        await asyncio.sleep(0)
        return await self.engine.find_document(key)

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        await asyncio.sleep(0)
        return await self.engine.list_documents(kind, after, limit)

    def noted(self, kind: type) -> int:
        return sum(isinstance(command, kind) for command in self.records)


class Shop:
    """``wanted`` is what each user's acknowledged operations come to, apart from the engine."""

    def __init__(
        self,
        platform: FakePlatform | None = None,
        config: MirrorConfig = CONFIG,
        kind: type[Mirrors] = Mirrors,
    ) -> None:
        clock = LoopClock()
        self.clock = clock
        self.platform = platform or FakePlatform()
        self.desk = Desk(MemoryEngine(clock, IdSource("testtesttest"), timedelta(hours=1)))
        self.queue = UserQueue(3)
        self.lines: list[dict[str, Any]] = []
        self._config = config
        self._kind = kind
        self._log = make_log(lambda line: self.lines.append(orjson.loads(line)), clock, "info")
        self.mirrors = self.restarted()
        self.wanted: dict[str, dict[str, int]] = {}

    def restarted(self) -> Mirrors:
        """Return a mirror that remembers nothing, as after a new start."""
        self.mirrors = self._kind(
            self.desk, self.platform, self.queue, self.clock, self._log, self._config
        )
        return self.mirrors

    async def open(self) -> None:
        for sku in SKUS:
            await self.do(PutProduct(sku, f"Product {sku}", "device", PRICE, "EUR", stocked=False))

    async def do(self, command: Command) -> None:
        await self.desk.transact(Envelope(command, "till", "r-1"))

    async def add(self, user: str, sku: str, qty: int = 1) -> None:
        await self.do(AddItem(user, sku, qty))
        wanted = self.wanted.setdefault(user, {})
        wanted[sku] = wanted.get(sku, 0) + qty
        self.mirrors.changed(user)

    async def set(self, user: str, sku: str, qty: int) -> None:
        await self.do(SetItemQuantity(user, sku, qty))
        self.wanted[user][sku] = qty
        self.mirrors.changed(user)

    async def remove(self, user: str, sku: str) -> None:
        await self.do(RemoveItem(user, sku))
        del self.wanted[user][sku]
        self.mirrors.changed(user)

    async def drop(self, user: str) -> None:
        cart = await self.cart(user)
        await self.do(DropCart(user))
        del self.wanted[user]
        self.mirrors.forget(user, cart.mirror.context)

    async def cart(self, user: str) -> Cart:
        cart = await self.desk.find_document(("#cart", user))
        assert isinstance(cart, Cart), f"{user} has no cart"
        return cart

    async def settle(self, most_s: float = 3_600.0) -> None:
        """Let time pass until nothing is left to do."""
        until = self.clock.monotonic() + most_s
        while self.mirrors.figures.pending:
            assert self.clock.monotonic() < until, f"never done: {self.mirrors.figures}"
            await asyncio.sleep(1.0)

    async def check(self) -> None:
        """Each user's cart holds what was acknowledged, and the platform's holds the same."""
        for user, wanted in self.wanted.items():
            cart = await self.cart(user)
            assert {it.sku: it.qty for it in cart.items} == wanted, f"{user}: lost operations"
            context = cart.mirror.context
            assert context is not None, f"{user} has no cart at the platform"
            kept = self.platform.carts[context.external_cart_id]
            assert kept.quantities() == wanted, f"{user}: the platform has something else"
            assert (cart.mirror.state, cart.mirror.synced_version) == ("synced", cart.version)
        assert self.platform.overlaps == [], "two calls for one cart at the same time"
        assert len(self.queue) == 0, "a turn was not given back"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the background for the length of the block."""
        task = asyncio.create_task(self.mirrors.run())
        try:
            await asyncio.sleep(0.1)  # it looks through all carts at first
            yield
            assert not task.done(), task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def on_virtual_time(story: Callable[[], Awaitable[T]]) -> T:
    """Play ``story`` on a loop whose time passes at once."""

    async def played() -> T:
        return await story()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(played())
