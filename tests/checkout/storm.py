"""Users who shop and buy all at once, at a platform that fails, at a service that is restarted.

Time is the loop's, which jumps, and chance is drawn from a seed: a schedule can be played again.
What was acknowledged is kept apart from the engine, so that a lost operation is seen.
"""

import asyncio
import random
from datetime import timedelta

from msgspec import json
from msgspec.structs import replace

from surestock.cart.commands import AddItem, RemoveItem
from surestock.cart.model import Checkout
from surestock.checkout.config import CheckoutConfig
from surestock.checkout.errors import CheckoutFailed, ProviderUnavailable
from surestock.checkout.verdict import REPEATABLE
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.engine.memory import MemoryEngine
from surestock.inventory.commands import CountStock
from surestock.inventory.unavailable import ReadOnly
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, SurestockError
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from tests.checkout.audit import STOCK, Audit, Books
from tests.checkout.shop import PHONE, PLAN, STORE, TestShop
from tests.mirror.shop import LoopClock, on_virtual_time

WELL = SimulatedConfig(settles_s=30.0, pending_s=5.0, latency_ms=50, doubles=True)
FAILING = replace(WELL, fails=0.1, forgets=0.05, loses=0.2, late=0.15, late_s=20.0)
CHECKOUT = CheckoutConfig(answer_s=4.0, ask_s=2.0, ask_most_s=10.0, reap_s=20.0)
REAPING = replace(CHECKOUT, reap_s=3.0, idle_s=12.0, failed_s=6.0, completed_s=9.0, stuck_s=5.0)


class SlowEngine(MemoryEngine):
    """Each answer comes some turns of the loop later, as from a disk that may be full."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        super().__init__(clock, IdSource("stormstorms"), timedelta(hours=24))
        self._rng = rng
        self.fails = 0.03

    async def transact(self, envelope: Envelope) -> Outcome:
        await asyncio.sleep(0)
        if self._rng.random() < self.fails:
            raise ReadOnly
        outcome = await super().transact(envelope)
        await asyncio.sleep(0)
        return outcome


class Storm:
    """A service, its users, and their platform."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.clock = LoopClock()
        self.engine = SlowEngine(self.clock, random.Random(seed))
        self._checkout = REAPING if seed % 2 else CHECKOUT
        self.books = Books()
        self._config = FAILING
        self._tasks: list[asyncio.Task[None]] = []
        self.shop = self._shop()
        self.platform = self.shop.provider.shop

    def _shop(self) -> TestShop:
        config = replace(self._config, seed=self.rng.randrange(1 << 30))
        platform = self.platform if self.books.restarts else None
        return TestShop(
            self.engine, platform, self.clock, config, self._checkout, sleep=asyncio.sleep
        )

    async def open(self) -> None:
        """Stock up, and start."""
        fails, self.engine.fails = self.engine.fails, 0.0
        await self.shop.stock_up()
        await self.shop.do(CountStock(STORE, PHONE, STOCK))
        self.engine.fails = fails
        self._start()

    def _start(self) -> None:
        self._tasks = [
            asyncio.ensure_future(self.shop.desk.run()),
            asyncio.ensure_future(self.shop.mirrors.run()),
        ]

    async def close(self) -> None:
        """Stop the service."""
        for task in self._tasks:
            task.cancel()
        for end in await asyncio.gather(*self._tasks, return_exceptions=True):
            assert isinstance(end, asyncio.CancelledError), repr(end)

    async def restart(self, config: SimulatedConfig | None = None) -> None:
        """Stop the service, and start it anew: it remembers nothing but its records."""
        await self.close()
        self._config = config or self._config
        self.books.restarts += 1
        self.shop = self._shop()
        self._start()

    async def weather(self) -> None:
        """Restart the service now and then, until cancelled."""
        while True:
            await asyncio.sleep(self.rng.uniform(5, 40))
            await self.restart()

    async def shops(self, user: str, operations: int) -> None:
        """Do this and that as a user."""
        rng = random.Random(self.rng.random())
        for number in range(operations):
            await self._operate(user, rng, number)
            await asyncio.sleep(rng.choice((0.0, 0.0, 0.2, 1.1, 6.0)))

    async def _operate(self, user: str, rng: random.Random, number: int) -> None:
        what = rng.random()
        try:
            if what < 0.45:
                await self._change(AddItem(user, rng.choice((PHONE, PLAN)), rng.randint(1, 3)))
            elif what < 0.55:
                await self._change(RemoveItem(user, rng.choice((PHONE, PLAN))))
            elif what < 0.65:
                await self.shop.mirrors.sync(user, "ann", "r")
            else:
                await self._buy_with_friends(user, rng, number)
        except SurestockError:
            return

    async def _change(self, command: AddItem | RemoveItem) -> None:
        outcome = await self.shop.do(command)
        told = json.decode(outcome.reply.body)
        wanted = self.books.carts.setdefault(told["cartId"], {})
        if isinstance(command, AddItem):
            wanted[command.sku] = wanted.get(command.sku, 0) + command.qty
        else:
            del wanted[command.sku]
        self.shop.mirrors.changed(command.user_id)

    async def _buy_with_friends(self, user: str, rng: random.Random, number: int) -> None:
        """Click one to four times, with old keys and new; some hang up."""
        clicks = []
        for _ in range(rng.randint(1, 4)):
            key = f"k-{rng.randint(max(0, number - 6), number)}"
            clicks.append(asyncio.ensure_future(self._buy(user, key)))
        await asyncio.sleep(rng.choice((0.0, 0.1, 1.0)))
        for click in clicks:
            if rng.random() < 0.2:
                click.cancel()
        await asyncio.gather(*clicks, return_exceptions=True)

    async def _buy(self, user: str, key: str) -> None:
        # The key decides how it is paid, so that the same key is the same payload.
        method = ("declined", "pending", "card", "card", "card")[int(key[2:]) % 5]
        self.books.checkouts += 1
        try:
            end = await self.shop.buy(user, key=key, method=method)
        except ProviderUnavailable:
            return
        except CheckoutFailed as error:
            if error.failure.code not in REPEATABLE:
                self._told(user, key, f"{error.failure} {error.request_id}")
            return
        except Refusal as refusal:
            self._told(user, key, f"{refusal!r} {refusal.request_id}")
            return
        if end.body is not None:
            self._told(user, key, bytes(end.body).decode())

    def _told(self, user: str, key: str, answer: str) -> None:
        self.books.answers.setdefault((user, key), set()).add(answer)

    async def calm(self) -> None:
        """Let faults end, and time pass until no checkout is open."""
        self.engine.fails = 0.0
        await self.restart(WELL)
        for _ in range(300):
            await asyncio.sleep(1.0)
            found = await self.engine.list_documents(Checkout.KIND, "", 10_000)
            if not self.shop.desk.open and not any(
                isinstance(it, Checkout) and it.is_open for it in found
            ):
                return
        raise AssertionError("a checkout has no end")

    async def check(self) -> int:
        """Hold records, platform and stock against each other; return how many orders there are."""
        return await Audit(self.engine, self.shop, self.books, self._checkout.idle_s).check()

    async def check_end(self) -> int:
        """Look at what has come of it all, once what is over was swept away."""
        await self.shop.desk.reaper.sweep()
        return await Audit(self.engine, self.shop, self.books, self._checkout.idle_s).check_end()


async def storm(seed: int, users: int, operations: int) -> tuple[int, Books]:
    """Play a schedule; return the orders, and the books."""
    made = Storm(seed)
    await made.open()
    weather = asyncio.ensure_future(made.weather())
    watch = asyncio.ensure_future(_watch(made))
    shopping = [made.shops(f"U{number}", operations) for number in range(users)]
    await asyncio.gather(*shopping)
    for task in (weather, watch):
        task.cancel()
    for end in await asyncio.gather(weather, watch, return_exceptions=True):
        assert isinstance(end, asyncio.CancelledError), repr(end)
    await made.calm()
    orders = await made.check_end()
    await made.close()
    return orders, made.books


async def _watch(made: Storm) -> None:
    while True:
        await asyncio.sleep(3.0)
        await made.check()


def play(seed: int, users: int, operations: int) -> tuple[int, Books]:
    """Play a schedule in a time of its own; return the orders, and the books."""
    return on_virtual_time(lambda: storm(seed, users, operations))


def play_all(seeds: range) -> str:
    """Play small schedules; return the figures."""
    orders = restarts = checkouts = 0
    for seed in seeds:
        placed, books = play(seed, 4, 12)
        orders += placed
        restarts += books.restarts
        checkouts += books.checkouts
    assert orders > len(seeds)
    assert restarts > len(seeds)
    return (
        f"{len(seeds)} schedules: {checkouts} checkouts asked for, {orders} orders, "
        f"{restarts} restarts; doubled 0, lost 0"
    )
