"""Users who shop and buy at three processes that die and stand still at any call they make.

Time is the loop's, which jumps, and chance is drawn from a seed: a schedule can be played again.
"""

import asyncio
import random

from msgspec import json
from msgspec.structs import replace

from surestock.cart.commands import AddItem, RemoveItem
from surestock.cart.model import Checkout
from surestock.checkout.errors import CheckoutFailed, ProviderUnavailable
from surestock.checkout.verdict import REPEATABLE
from surestock.commerce.providers.simulated.script import Script
from surestock.inventory.commands import CountStock
from surestock.kit.errors import Refusal, SurestockError
from surestock.ledger.port import Envelope
from surestock.mirror.config import MirrorConfig
from tests.checkout.audit import STOCK, Audit, Books
from tests.checkout.process import ConnectionLost, Process
from tests.checkout.row import MakeLocks
from tests.checkout.shop import PHONE, PLAN, STORE
from tests.checkout.storm import CHECKOUT, FAILING, REAPING, WELL, SlowEngine
from tests.checkout.weather import PLACES, Weather
from tests.mirror.kernel import Kernel
from tests.mirror.shop import LoopClock

PROCESSES = 3
MIRROR = MirrorConfig(look_s=3.0, left_s=4.0, tell_looks_s=2.0)


class Storm:
    """Three processes over one engine, their users, and their platform."""

    def __init__(self, seed: int, make_locks: MakeLocks, weather: Weather) -> None:
        self.rng = random.Random(seed)
        self.clock = LoopClock()
        self.engine = SlowEngine(self.clock, random.Random(seed))
        self.kernel = Kernel()
        self.books = Books()
        self.weather = replace(weather)
        self.is_calm = True
        self.orders = 0
        self._make_locks = make_locks
        self._checkout = replace(REAPING if seed % 2 else CHECKOUT, look_s=3.0)
        self._config = FAILING
        self._dead: list[Process] = []
        self.processes: list[Process] = []
        for _ in range(PROCESSES):
            self.processes.append(self._process())

    def _process(self) -> Process:
        config = replace(self._config, seed=self.rng.randrange(1 << 30))
        platform = self.processes[0].shop.provider.shop if self.processes else None
        locks = self._make_locks(self.kernel, self.clock)
        return Process(
            self.engine, platform, self.clock, locks, self._fate, config, self._checkout, MIRROR
        )

    async def open(self) -> None:
        """Stock up, and start."""
        fails, self.engine.fails = self.engine.fails, 0.0
        await self.processes[0].shop.stock_up()
        await self.processes[0].shop.do(CountStock(STORE, PHONE, STOCK))
        self.engine.fails = fails
        self.is_calm = False
        for process in self.processes:
            process.start()

    def _fate(self, process: Process, gate: str) -> None:
        if self.is_calm or not process.is_going:
            return
        weather, chance = self.weather, self.rng.random()
        is_placing = gate == PLACES
        dies = weather.dies_before_placing if is_placing else weather.dies
        stops = weather.stops_before_placing if is_placing else weather.stops
        loses = weather.loses_before_placing if is_placing else weather.loses
        loop = asyncio.get_running_loop()
        if chance < dies:
            weather.died += 1
            process.die()
            self._dead.append(process)
            place = self.processes.index(process)
            loop.call_later(self.rng.uniform(0.2, 20.0), self._start_again, place)
        elif chance < dies + stops:
            weather.stopped += 1
            process.stop()
            stands_s = self.rng.choice((0.5, 5.0, 150.0)) * self.rng.random()
            loop.call_later(stands_s, process.go_on)
            if (
                weather.loses_while_standing > 0
                and self.rng.random() < weather.loses_while_standing
            ):
                loop.call_later(stands_s * self.rng.random(), self._lose_turns, process)
        elif chance < dies + stops + loses:
            self._lose_turns(process)

    def _lose_turns(self, process: Process) -> None:
        self.weather.turns_lost += 1
        process.lose_turns()

    def _start_again(self, place: int) -> None:
        if self.processes[place].is_dead:
            self.processes[place] = self._process()
            self.processes[place].start()

    async def shops(self, user: str, operations: int) -> None:
        """Do this and that as a user, each at some process."""
        rng = random.Random(self.rng.random())
        for number in range(operations):
            try:
                await self._operate(user, rng, number)
            except (SurestockError, TimeoutError):
                pass
            except ConnectionLost:
                self.weather.lost += 1
            await asyncio.sleep(rng.choice((0.0, 0.0, 0.2, 1.1, 6.0)))

    async def _operate(self, user: str, rng: random.Random, number: int) -> None:
        process, what = rng.choice(self.processes), rng.random()
        if what < 0.45:
            await self._change(process, AddItem(user, rng.choice((PHONE, PLAN)), rng.randint(1, 3)))
        elif what < 0.55:
            await self._change(process, RemoveItem(user, rng.choice((PHONE, PLAN))))
        elif what < 0.60:
            process.shop.mirrors.seen(user)
        elif what < 0.68:
            async with asyncio.timeout(60.0):
                await process.ask(lambda: process.shop.mirrors.sync(user, "ann", "r"))
        else:
            await self._buy_with_friends(user, rng, number)

    async def _change(self, process: Process, command: AddItem | RemoveItem) -> None:
        # The engine is not what is attacked here: who changes a cart is always told so.
        outcome = await self.engine.transact(Envelope(command, "ann", "r"))
        told = json.decode(outcome.reply.body)
        wanted = self.books.carts.setdefault(told["cartId"], {})
        if isinstance(command, AddItem):
            wanted[command.sku] = wanted.get(command.sku, 0) + command.qty
        else:
            del wanted[command.sku]
        if not process.is_dead:
            process.shop.mirrors.changed(command.user_id)

    async def _buy_with_friends(self, user: str, rng: random.Random, number: int) -> None:
        """Click one to four times, anywhere, with old keys and new; some hang up."""
        clicks = []
        for _ in range(rng.randint(1, 4)):
            key = f"k-{rng.randint(max(0, number - 6), number)}"
            clicks.append(asyncio.ensure_future(self._buy(rng.choice(self.processes), user, key)))
            await asyncio.sleep(rng.choice((0.0, 0.0, 0.07)))
        await asyncio.sleep(rng.choice((0.0, 0.1, 1.0)))
        for click in clicks:
            if rng.random() < 0.2:
                click.cancel()
        for end in await asyncio.gather(*clicks, return_exceptions=True):
            if isinstance(end, ConnectionLost):
                self.weather.lost += 1

    async def _buy(self, process: Process, user: str, key: str) -> None:
        # The key decides how it is paid, so that the same key is the same payload.
        method = ("declined", "pending", "card", "card", "card")[int(key[2:]) % 5]
        self.books.checkouts += 1
        try:
            async with asyncio.timeout(60.0):
                end = await process.ask(lambda: process.shop.buy(user, key=key, method=method))
        except ProviderUnavailable:
            return
        except CheckoutFailed as error:
            if error.failure.code not in REPEATABLE:
                self._told(user, key, f"{error.failure} {error.request_id}")
            return
        except Refusal as refusal:
            if refusal.request_id is not None:  # else it is not remembered: nothing was done
                self._told(user, key, f"{refusal!r} {refusal.request_id}")
            return
        if end.body is not None:
            self._told(user, key, bytes(end.body).decode())

    def _told(self, user: str, key: str, answer: str) -> None:
        self.books.answers.setdefault((user, key), set()).add(answer)

    async def calm(self) -> None:
        """Let faults end, and time pass until no checkout is open, here or on record."""
        self.is_calm = True
        self.engine.fails = 0.0
        self._config = WELL
        for place, process in enumerate(self.processes):
            process.go_on()
            process.shop.provider.script = Script(WELL, lambda: 1.0)
            self._start_again(place)
        for _ in range(400):
            await asyncio.sleep(1.0)
            found = await self.engine.list_documents(Checkout.KIND, "", 10_000)
            is_open = any(isinstance(it, Checkout) and it.is_open for it in found)
            desks = [process.shop.desk for process in self.processes]
            if not is_open and not any(desk.open or len(desk.joined) for desk in desks):
                return
        raise AssertionError("a checkout has no end")

    async def check(self) -> int:
        """Hold records, platform and stock against each other; return how many orders there are."""
        return await self._audit().check()

    async def check_end(self) -> int:
        """Look at what has come of it all, once what is over was swept away."""
        await self.processes[0].shop.desk.reaper.sweep()
        async with asyncio.timeout(60.0):
            while self.kernel.held:  # noqa: ASYNC110 - a turn that is not given back is a defect
                await asyncio.sleep(0.1)
        return await self._audit().check_end()

    def _audit(self) -> Audit:
        return Audit(self.engine, self.processes[0].shop, self.books, self._checkout.idle_s)

    async def close(self) -> None:
        """Stop all processes."""
        for process in self.processes:
            process.die()
        for process in (*self._dead, *self.processes):
            await process.ended()
