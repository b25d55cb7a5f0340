"""Checkouts without an end, and nobody who works on them: after a crash, or in doubt.

Each is asked about again and again, at growing distances, until the platform tells or a person
does. None is ever ended by its age. Where several processes check out, each looks for what another
one left behind when it died. What somebody has the turn of is not left: it is looked at again.
"""

from collections.abc import Awaitable, Callable

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint

from surestock.cart.model import Checkout
from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.joined import Joined
from surestock.checkout.resolution import Absences, find_out
from surestock.checkout.shop import Shop
from surestock.checkout.steps.clean import clean
from surestock.kit.errors import Refusal, Unavailable
from surestock.mirror.pages import Unhurried, pages_of

_AT_ONCE = 16


class Recovery:
    """Knows which checkouts are open, and when each is to be asked about."""

    def __init__(self, shop: Shop, absences: Absences, joined: Joined) -> None:
        self._shop = shop
        self._absences = absences
        self._joined = joined
        self._due: dict[str, float] = {}
        self._wait_s: dict[str, float] = {}
        self._busy: set[str] = set()
        self._changed = anyio.Event()

    def __len__(self) -> int:
        """Return how many have no end yet."""
        return len(self._due.keys() | self._busy)

    def left_open(self, user_id: str) -> None:
        """Take over a checkout that nobody works on any more."""
        self._wait_s[user_id] = self._shop.config.ask_s
        self._due[user_id] = self._shop.clock.monotonic() + self._shop.config.ask_s
        self._changed.set()

    def hurry(self, user_id: str) -> None:
        """Ask about one now, if it is open."""
        if user_id not in self._busy:
            self._due[user_id] = self._shop.clock.monotonic()
            self._changed.set()

    async def run(self) -> None:
        """Find what a crash left open, then ask about all that is, until cancelled."""
        await self._look_through(checkpoint)
        async with anyio.create_task_group() as tasks:
            if self._shop.queue.is_shared:
                tasks.start_soon(self._look_around)
            while True:
                self._changed = anyio.Event()
                self._begin_due(tasks)
                with anyio.move_on_after(self._seconds_left()):
                    await self._changed.wait()

    async def _look_around(self) -> None:
        while True:
            await self._shop.sleep(self._shop.config.look_s)
            await self._look_through(Unhurried())

    async def _look_through(self, rest: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                return await self.find_open(rest)
            except Unavailable as error:
                self._shop.log.info("checkouts cannot be looked through now", why=str(error))
                await self._shop.sleep(self._shop.config.ask_s)

    async def find_open(self, rest: Callable[[], Awaitable[None]] = checkpoint) -> None:
        """Take over every open checkout on record that is not known yet.

        What is known and was not found open, another process has ended: it is asked about now.
        """
        ended = {*self._due, *self._joined.users}
        async for page in pages_of(self._shop.engine, Checkout.KIND, rest):
            for found in page:
                if isinstance(found, Checkout) and found.is_open:
                    ended.discard(found.user_id)
                    if found.user_id not in self._due:
                        self.hurry(found.user_id)
        for user_id in ended:
            self.hurry(user_id)

    async def ask(self, user_id: str) -> Checkout | CheckoutEnd | None:
        """Ask once about a user's checkout, in his turn; None when it is not open any more.

        Raises what the engine or the queue raises.
        """
        async with self._shop.queue.turn(user_id):
            return await self._ask_in_turn(user_id)

    async def _ask_in_turn(self, user_id: str) -> Checkout | CheckoutEnd | None:
        checkout = await self._shop.find_checkout(user_id)
        told: Checkout | CheckoutEnd | None = None
        if checkout is None or not checkout.is_open:
            self._absences.forget(user_id)
        else:
            told = await find_out(self._shop, self._absences, checkout)
            if isinstance(told, CheckoutEnd):
                await clean(self._shop, checkout)
        await self._joined.settle(self._shop, user_id, {})
        return told

    def _seconds_left(self) -> float:
        if not self._due or len(self._busy) >= _AT_ONCE:
            return float("inf")
        return max(0.0, min(self._due.values()) - self._shop.clock.monotonic())

    def _begin_due(self, tasks: TaskGroup) -> None:
        now = self._shop.clock.monotonic()
        for user_id in [user_id for user_id, due in self._due.items() if due <= now]:
            if len(self._busy) >= _AT_ONCE:
                return
            del self._due[user_id]
            self._busy.add(user_id)
            tasks.start_soon(self._ask, user_id)

    async def _ask(self, user_id: str) -> None:
        is_open, is_taken = True, False
        try:
            async with self._shop.queue.try_turn(user_id) as has_turn:
                is_taken = not has_turn
                if has_turn:
                    told = await self._ask_in_turn(user_id)
                    is_open = isinstance(told, Checkout) and told.is_open
        except (Refusal, Unavailable) as error:
            self._shop.log.info("an open checkout could not be asked about", why=str(error))
        except Exception as error:  # noqa: BLE001 - a defect that one meets stops no other's
            tell = self._shop.log.error
            tell("an open checkout came upon a defect", user=user_id, exc_info=error)
        finally:
            self._busy.discard(user_id)
            self._changed.set()
            if is_taken:
                self._due[user_id] = self._shop.clock.monotonic() + self._shop.config.ask_s
            elif is_open:
                self._ask_later(user_id)
            else:
                self._wait_s.pop(user_id, None)

    def _ask_later(self, user_id: str) -> None:
        config = self._shop.config
        wait_s = self._wait_s.get(user_id, config.ask_s)
        self._wait_s[user_id] = min(2 * wait_s, config.ask_most_s)
        self._due[user_id] = self._shop.clock.monotonic() + wait_s
