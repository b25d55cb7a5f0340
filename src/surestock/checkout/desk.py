"""Where checkouts are asked for: one at a time for each user, and all who ask share its end.

A checkout belongs to the desk, not to the request: a client that hangs up, or waits no longer,
changes nothing about what is recorded and placed.
"""

import asyncio

import anyio
from msgspec import Raw, Struct, json

from surestock.cart.model import Checkout, Failure, Order
from surestock.cart.refusals import CartConflict, CheckoutInProgress
from surestock.cart.reply import checkout_body
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.errors import CheckoutFailed, CheckoutResolved, ProviderUnavailable
from surestock.checkout.reaper import Reaper
from surestock.checkout.recovery import Recovery
from surestock.checkout.resolution import Absences, find_out
from surestock.checkout.saga import buy
from surestock.checkout.shop import CheckoutFigures, Shop
from surestock.checkout.steps.begin import undo
from surestock.checkout.steps.clean import clean
from surestock.checkout.steps.settle import complete
from surestock.idempotency import IdempotencyConflict, IdempotencyKey
from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import Overloaded

_encode = json.Encoder().encode


class _Run(Struct, eq=False):
    """A checkout that somebody works on: who asked first, and its end to be."""

    ask: CheckoutAsk
    end: "asyncio.Future[Checkout | CheckoutEnd]"


class CheckoutDesk:
    """Runs checkouts. :meth:`run` has to run for as long as any is asked for."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop
        self._absences = Absences(shop.clock.monotonic)
        self._running: dict[str, _Run] = {}
        self._asked: asyncio.Queue[_Run] = asyncio.Queue()
        self.recovery = Recovery(shop, self._absences)
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
        """Work on what is asked for, until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                run = await self._asked.get()
                tasks.start_soon(self._work, run)

    async def checkout(self, ask: CheckoutAsk) -> CheckoutEnd:
        """Check a cart out, or join whoever is at it; return its end, or that it has none yet.

        Raises a refusal when the cart cannot be bought, :class:`CheckoutFailed` when it was not,
        :class:`ProviderUnavailable`, ``Overloaded``, and what the engine raises.
        """
        if ask.key is not None:
            answered = await self._answered(ask.key)
            if answered is not None:
                return answered
            await self._check_key(ask.user_id, ask.key)
        run = self._running.get(ask.user_id)
        is_first = run is None
        if run is None:
            run = self._begin(ask)
        else:
            await self._check_version(ask)
        return await self._join(run, is_first=is_first)

    async def resolve(
        self,
        user_id: str,
        attempt_id: str,
        order: Order | None,
        reason: str,
        actor: str,
        request_id: str,
    ) -> CheckoutEnd:
        """Record what a person found out of an open checkout: its order, or that there is none.

        Raises ``NotFound``, or :class:`CheckoutResolved` when it has had its end.
        """
        async with self._shop.queue.turn(user_id):
            checkout = await self._shop.find_checkout(user_id)
            if checkout is None or checkout.attempt.attempt_id != attempt_id:
                raise NotFound(f"checkout {attempt_id} of user {user_id}")
            if not checkout.is_open:
                raise CheckoutResolved(checkout)
            self._absences.forget(attempt_id)
            self._shop.figures.resolved += 1
            if order is not None:
                end = await complete(self._shop, checkout, order, actor, request_id)
                await clean(self._shop, checkout)
                return end
            given_up = Failure("ProviderConflict", f"It was given up: {reason}")
            await undo(self._shop, checkout, given_up, actor=actor, request_id=request_id)
            return CheckoutEnd("failed")

    def _begin(self, ask: CheckoutAsk) -> _Run:
        if len(self._running) >= self._shop.config.at_once:
            raise Overloaded("Too many checkouts are running. Try again in a moment.")
        run = _Run(ask, asyncio.get_running_loop().create_future())
        run.end.add_done_callback(_take_note)
        self._running[ask.user_id] = run
        self._asked.put_nowait(run)
        return run

    async def _work(self, run: _Run) -> None:
        user_id = run.ask.user_id
        try:
            told = await self._buy(run.ask)
        except asyncio.CancelledError:
            run.end.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - whoever waits is told
            run.end.set_exception(error)
        else:
            run.end.set_result(told)
        finally:
            del self._running[user_id]
            await self._hand_over(user_id)

    async def _hand_over(self, user_id: str) -> None:
        """Leave a checkout that has no end to the recovery."""
        checkout = await self._shop.find_checkout(user_id)
        if checkout is not None and checkout.is_open:
            self.recovery.left_open(user_id)

    async def _buy(self, ask: CheckoutAsk) -> Checkout | CheckoutEnd:
        """Do what the state asks for, in the user's turn: buy, ask what became of it, or repeat."""
        shop = self._shop
        async with shop.queue.turn(ask.user_id):
            checkout = await shop.find_checkout(ask.user_id)
            if checkout is not None and checkout.is_open:
                told = await find_out(shop, self._absences, checkout)
                if isinstance(told, CheckoutEnd):
                    await clean(shop, checkout)
                return told
            if checkout is not None and checkout.status == "completed":
                cart = await shop.find_cart(ask.user_id)
                if cart is None or cart.cart_id == checkout.cart_id:
                    return CheckoutEnd("completed", _body(checkout), replayed=True)
            return await buy(shop, self._absences, ask)

    async def _join(self, run: _Run, *, is_first: bool) -> CheckoutEnd:
        try:
            async with asyncio.timeout(self._shop.config.answer_s):
                told = await asyncio.shield(run.end)
        except TimeoutError:
            checkout = await self._shop.find_checkout(run.ask.user_id)
            is_open = checkout is not None and checkout.is_open
            return CheckoutEnd(checkout.status if checkout and is_open else "in_progress")
        if isinstance(told, Checkout):
            if told.failure is not None and not told.is_open:
                raise _failed(told.failure, replayed=not is_first)
            return CheckoutEnd(told.status)
        return CheckoutEnd(told.status, told.body, told.sequence, told.replayed or not is_first)

    async def _answered(self, key: IdempotencyKey) -> CheckoutEnd | None:
        """Return, or raise, what the key was answered with."""
        try:
            outcome = await self._shop.engine.find_answer(key)
        except CheckoutInProgress:
            return None  # it was so, and need not be any more
        if outcome is None:
            return None
        reply = outcome.reply
        if reply.failure is not None:
            raise _failed(json.decode(reply.body, type=Failure), replayed=True)
        return CheckoutEnd("completed", reply.body, outcome.sequence, replayed=True)

    async def _check_key(self, user_id: str, key: IdempotencyKey) -> None:
        """Raise ``IdempotencyConflict`` when the key asks for something else than it began."""
        run = self._running.get(user_id)
        asked = None if run is None else run.ask.key
        checkout = await self._shop.find_checkout(user_id)
        recorded = None if checkout is None or not checkout.is_open else checkout.ask
        for known in (asked, recorded):
            if known is not None and known.digest == key.digest:
                if known.fingerprint != key.fingerprint:
                    raise IdempotencyConflict(key.key)
                return

    async def _check_version(self, ask: CheckoutAsk) -> None:
        """Raise ``CartConflict`` when the cart that is checked out is not the one that is meant."""
        cart = await self._shop.find_cart(ask.user_id)
        expected = ask.expected_version
        if cart is not None and expected is not None and cart.version != expected:
            raise CartConflict(expected, cart)


def _failed(failure: Failure, *, replayed: bool) -> CheckoutFailed | ProviderUnavailable:
    if failure.code == "ProviderUnavailable":
        return ProviderUnavailable.of(failure)
    return CheckoutFailed(failure, replayed=replayed)


def _body(checkout: Checkout) -> Raw:
    return Raw(_encode(checkout_body(checkout)))


def _take_note(end: "asyncio.Future[Checkout | CheckoutEnd]") -> None:
    """Look at the end, in case that nobody waits for it any more."""
    if not end.cancelled():
        end.exception()
