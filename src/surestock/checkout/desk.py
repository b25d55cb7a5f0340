"""Where checkouts are asked for: one at a time for each user, and all who ask share its end.

A checkout belongs to the desk, not to the request: a client that hangs up, or waits no longer,
changes nothing about what is recorded and placed. Where several processes have a desk each, the
user's turn lets one of them at a checkout; whoever asks at another waits there, and is told the
same in the end.
"""

import asyncio

import anyio

from surestock.cart.model import Checkout
from surestock.checkout.answer import find_answer
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd, PersonsWord
from surestock.checkout.in_turn import check_payload, check_version, deal_with
from surestock.checkout.joined import Joined, join
from surestock.checkout.person import resolve, turn_soon
from surestock.checkout.reaper import Reaper
from surestock.checkout.recovery import Recovery
from surestock.checkout.resolution import Absences
from surestock.checkout.run import Run, begin_run, wait_for_end
from surestock.checkout.shop import CheckoutFigures, Shop
from surestock.checkout.standing import Standing, standing_of
from surestock.inventory.unavailable import Overloaded, ShuttingDown
from surestock.kit.errors import Unavailable
from surestock.telemetry.trace import TRACEPARENT


class CheckoutDesk:
    """Runs checkouts. :meth:`run` has to run for as long as any is asked for."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._absences = Absences(shop.clock.monotonic)
        self.joined = Joined()
        self._running: dict[str, Run] = {}
        self._asked: asyncio.Queue[Run] = asyncio.Queue()
        self._is_closed = False
        self.recovery = Recovery(shop, self._absences, self.joined)
        self.reaper = Reaper(shop, self.recovery)

    @property
    def figures(self) -> CheckoutFigures:
        """What has happened so far."""
        return self._shop.figures

    @property
    def open(self) -> int:
        """How many checkouts have no end yet."""
        return len(self._running) + len(self.recovery)

    async def run(self) -> None:
        """Work on what is asked for, recover what was left, reap what is over, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.recovery.run)
            tasks.start_soon(self.reaper.run)
            tasks.start_soon(self.serve)

    async def serve(self) -> None:
        """Work on what is asked for, until cancelled; then nobody waits for it any more."""
        self._is_closed = False
        try:
            async with anyio.create_task_group() as tasks:
                while True:
                    run = await self._asked.get()
                    if not run.end.done():  # else it was given up before anybody came to it
                        tasks.start_soon(self._work, run)
        finally:
            self._is_closed = True
            for run in self._running.values():
                run.end.cancel()
            self._running.clear()

    async def checkout(self, ask: CheckoutAsk) -> CheckoutEnd:
        """Check a cart out, or join whoever is at it; return its end, or that it has none yet.

        Raises a refusal when the cart cannot be bought, :class:`CheckoutFailed` when it was not,
        :class:`ProviderUnavailable`, ``Overloaded``, and what the engine raises.
        """
        user_id, key = ask.user_id, ask.key
        standing = await standing_of(self._shop, user_id)
        while True:
            if key is not None:
                answered = await find_answer(self._shop, key)
                if answered is not None:
                    return answered
                await check_payload(self._shop, user_id, key)
                self.joined.check(user_id, key)
            run = self._running.get(user_id)
            is_first = run is None
            if run is None:
                run = self._begin(ask, standing)
            elif not await self._may_join(run, ask):
                continue
            end = await wait_for_end(self._shop, run, is_first=is_first)
            if end is not None:
                return end

    async def resolve(self, word: PersonsWord) -> CheckoutEnd:
        """Record what a person found out of an open checkout: its order, or that there is none.

        Raises ``NotFound``, :class:`CheckoutResolved` when it has had its end, ``Overloaded`` when
        somebody else is at it for too long, and what the engine raises.
        """
        shop = self._shop
        async with turn_soon(shop, word.user_id):
            end = await resolve(shop, word)
            shop.figures.resolved += 1
            self._absences.forget(word.user_id)
            await self.joined.settle(shop, word.user_id, {})
            return end

    def _begin(self, ask: CheckoutAsk, standing: Standing) -> Run:
        if self._is_closed:
            raise ShuttingDown
        if len(self._running) >= self._shop.config.at_once:
            raise Overloaded("Too many checkouts are running. Try again in a moment.")
        run = begin_run(ask, standing)
        if ask.key is not None:
            join(run.keys, ask.key)
        self._running[ask.user_id] = run
        self._asked.put_nowait(run)
        return run

    async def _may_join(self, run: Run, ask: CheckoutAsk) -> bool:
        """Join a run that is about what is asked for; else wait for it, and return False.

        Raises ``CartConflict`` when the cart is not the one that is meant.
        """
        shop = self._shop
        checkout = await shop.find_checkout(ask.user_id)
        cart = await shop.find_cart(ask.user_id)
        if run.is_over(cart, checkout):
            await asyncio.wait((run.end,), timeout=shop.config.answer_s)
            return False
        if self._running.get(ask.user_id) is not run:
            return False
        check_version(cart, checkout, ask)
        if ask.key is not None:
            join(run.keys, ask.key)
        return True

    async def _work(self, run: Run) -> None:
        TRACEPARENT.set(run.traceparent)
        try:
            run.end.set_result(await self._buy(run))
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            run.end.set_exception(error)
        finally:
            run.end.cancel()
            self._running.pop(run.ask.user_id, None)

    async def _buy(self, run: Run) -> Checkout | CheckoutEnd:
        """Do what the state asks for, in the user's turn, and settle with all who wait."""
        user_id = run.ask.user_id
        async with self._shop.queue.turn(user_id):
            try:
                told = await self._buy_in_turn(run)
            except Exception as error:
                left = await self._find_left(user_id)
                if left is None or not isinstance(error, Unavailable):
                    raise
                # It has begun, so that it cannot be said that nothing was done.
                self.joined.keep(left, run.keys)
                return left
            if isinstance(told, Checkout) and told.is_open:
                self.recovery.left_open(user_id)
            return told

    async def _buy_in_turn(self, run: Run) -> Checkout | CheckoutEnd:
        shop, user_id, key = self._shop, run.ask.user_id, run.ask.key
        if self.joined.keeps(user_id):
            # Another process may have ended what they wait for: that comes before a new attempt.
            await self.joined.settle(shop, user_id, {})
        if key is not None:
            answered = await find_answer(shop, key)
            if answered is not None:
                run.is_own = True
                return answered
            await check_payload(shop, user_id, key)
        told = await deal_with(shop, self._absences, run)
        await self.joined.settle(shop, user_id, run.keys)
        return told

    async def _find_left(self, user_id: str) -> Checkout | None:
        """Return the checkout if it has no end, and leave it to the recovery then."""
        try:
            checkout = await self._shop.find_checkout(user_id)
        except Unavailable:
            self.recovery.left_open(user_id)  # which finds out whether it is
            return None
        if checkout is None or not checkout.is_open:
            if self.joined.keeps(user_id):
                self.recovery.left_open(user_id)
            return None
        self.recovery.left_open(user_id)
        return checkout
