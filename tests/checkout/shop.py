"""A shop to attack: the real domain, mirror, saga and desk over a scripted platform.

Time is a clock that stands still until something sleeps.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar

import anyio
import pytest
from msgspec import Struct

from surestock.cart.commands import AddItem, PutProduct, RemoveItem
from surestock.cart.model import Cart, Checkout
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.config import CheckoutConfig
from surestock.checkout.desk import CheckoutDesk
from surestock.checkout.shop import Shop
from surestock.commerce.port import CommerceProvider, Payment
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider
from surestock.commerce.providers.simulated.shop import Shop as Platform
from surestock.engine.memory import MemoryEngine
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.commands import CountStock
from surestock.inventory.model import Level, Reservation
from surestock.kit.clock import Clock, ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.command import Command
from surestock.ledger.port import Engine, Envelope, Outcome
from surestock.mirror.across.port import Across
from surestock.mirror.config import MirrorConfig
from surestock.mirror.mirrors import Mirrors
from surestock.mirror.queue import UserQueue
from surestock.telemetry.log import make_log

E = TypeVar("E", bound=Exception)

PHONE = "phone"
PLAN = "plan"
STORE = "online"
STOCK = 10
_PLACING_S = 60
PLATFORM = SimulatedConfig(settles_s=30.0)


class Shared(Struct, frozen=True):
    """What is different where several tills share an engine. ``latency`` is the platform's own."""

    across: Across | None = None
    mirror: MirrorConfig = MirrorConfig()
    latency: Callable[[float], Awaitable[None]] | None = None


class TestShop:
    """One till of the service. ``platform`` outlives it, as ``engine`` does."""

    __test__ = False

    def __init__(
        self,
        engine: Engine | None = None,
        platform: Platform | None = None,
        clock: Clock | None = None,
        config: SimulatedConfig = PLATFORM,
        checkout: CheckoutConfig | None = None,
        wrap: Callable[[CommerceProvider], CommerceProvider] = lambda provider: provider,
        sleep: Callable[[float], Awaitable[None]] | None = None,
        shared: Shared | None = None,
    ) -> None:
        self.clock = clock or ManualClock()
        sleep = sleep or self.sleep
        shared = shared or Shared()
        self.engine = engine or MemoryEngine(self.clock, IdSource(), timedelta(hours=24))
        self.lines: list[bytes] = []
        log = make_log(self.lines.append, self.clock, "info")
        latency = shared.latency or sleep
        self.provider = SimulatedProvider(config, self.clock, platform, latency)
        self.queue = UserQueue(64, shared.across, sleep)
        behind = wrap(self.provider)
        self.mirrors = Mirrors(self.engine, behind, self.queue, self.clock, log, shared.mirror)
        self.shop = Shop(
            self.engine,
            behind,
            self.mirrors,
            self.queue,
            self.clock,
            log,
            checkout or CheckoutConfig(),
            sleep,
        )
        self.desk = CheckoutDesk(self.shop)
        self._requests = 0

    async def sleep(self, seconds: float) -> None:
        """Let the time pass at once, and everybody else have a turn."""
        self.advance(seconds)
        await anyio.lowlevel.checkpoint()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        assert isinstance(self.clock, ManualClock)
        self.clock.advance(seconds)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Let the desk work on what is asked for; nothing is asked about or reaped by itself."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.desk.serve)
            await anyio.lowlevel.checkpoint()
            yield
            tasks.cancel_scope.cancel()

    async def do(self, command: Command) -> Outcome:
        """Carry out a command."""
        self._requests += 1
        return await self.engine.transact(Envelope(command, "ann", f"r{self._requests}"))

    async def stock_up(self, price: int = 49900) -> None:
        """Sell a phone that is counted, and a plan that is not."""
        await self.do(CountStock(STORE, PHONE, STOCK))
        await self.do(PutProduct(PHONE, "Phone 9", "device", price, "EUR", stocked=True))
        await self.do(PutProduct(PLAN, "Plan M", "plan", 1999, "EUR", stocked=False))

    async def fill(self, user_id: str = "ann", qty: int = 1) -> None:
        """Put a phone and a plan into a user's cart."""
        await self.do(AddItem(user_id, PHONE, qty))
        await self.do(AddItem(user_id, PLAN, 1))

    async def do_empty(self, user_id: str = "ann") -> None:
        """Take everything out of a user's cart."""
        for sku in (PHONE, PLAN):
            await self.do(RemoveItem(user_id, sku))

    def ask(
        self, user_id: str = "ann", *, key: str | None = None, method: str | None = None
    ) -> CheckoutAsk:
        """Return a wish to buy; another ``method`` of payment is another payload."""
        self._requests += 1
        named = None if key is None else self.key(user_id, key, method)
        payment = None if method is None else Payment(method)
        return CheckoutAsk(user_id, "ann", f"r{self._requests}", key=named, payment=payment)

    def key(self, user_id: str, key: str, method: str | None) -> IdempotencyKey:
        """Bind a key as the API does."""
        path = f"/carts/{user_id}/checkout"
        return make_key("ann", "POST", path, key, fingerprint_of(method))

    async def buy(
        self, user_id: str = "ann", *, key: str | None = None, method: str | None = None
    ) -> CheckoutEnd:
        """Check out, at a desk that is at work."""
        return await self.desk.checkout(self.ask(user_id, key=key, method=method))

    async def until_placing(self) -> None:
        """Wait until the platform has been asked to place an order."""
        try:
            async with asyncio.timeout(_PLACING_S):
                while not self.provider.script.calls.get("place_order"):  # noqa: ASYNC110 - it tells nobody
                    await asyncio.sleep(0)
        except TimeoutError:
            pytest.fail("nobody placed an order")

    async def refused(self, kind: type[E], user_id: str = "ann", *, method: str | None = None) -> E:
        """Check out, and return why that was not possible."""
        with pytest.raises(kind) as caught:
            await self.buy(user_id, method=method)
        return caught.value

    @property
    def orders(self) -> int:
        """How many orders the platform has, also those that cannot be seen yet."""
        return len(self.provider.shop.till.all())

    async def cart(self, user_id: str = "ann") -> Cart | None:
        """Return the cart."""
        return await self.shop.find_cart(user_id)

    async def checkout(self, user_id: str = "ann") -> Checkout:
        """Return the current or last checkout."""
        return await self.shop.get_checkout(user_id)

    async def level(self) -> Level:
        """Return the phones."""
        found = await self.engine.find_level((STORE, PHONE))
        assert found is not None
        return found

    async def reservation(self, user_id: str = "ann") -> Reservation | None:
        """Return what the user's last attempt reserved."""
        attempt = (await self.checkout(user_id)).attempt
        return await self.engine.find_reservation(attempt.attempt_id)
