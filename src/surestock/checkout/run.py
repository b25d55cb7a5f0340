"""One run of a checkout: who asked first, and its end, for which all who ask wait."""

import asyncio

from msgspec import Struct, field

from surestock.cart.model import Cart, Checkout
from surestock.checkout.answer import failed
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.joined import Keys
from surestock.checkout.shop import Shop
from surestock.checkout.standing import Standing
from surestock.inventory.unavailable import ShuttingDown
from surestock.kit.errors import Refusal
from surestock.telemetry.trace import TRACEPARENT


class Run(Struct, eq=False):
    """A checkout that somebody works on. ``end`` is cancelled when nobody does any more.

    ``standing`` is what was there when the first one asked. ``keys`` are those of all who wait for
    it. An end ``is_own`` when it is what the first one's key was answered with before, and
    ``is_shared`` when somebody else brought it about meanwhile. ``traceparent`` is that of the
    request that asked first: the platform is told.
    """

    ask: CheckoutAsk
    end: "asyncio.Future[Checkout | CheckoutEnd]"
    standing: Standing
    traceparent: str | None = None
    keys: Keys = field(default_factory=dict)
    is_own: bool = False
    is_shared: bool = False

    def is_over(self, cart: Cart | None, checkout: Checkout | None) -> bool:
        """Tell whether its end is on record, so that who comes now means something else.

        A client may know of the end before all who wait are told, and have a new cart by then.
        """
        if checkout is None or not self.standing.is_before_end_of(checkout):
            return False
        if checkout.status == "completed":
            return cart is not None and cart.cart_id != checkout.cart_id
        return True


def begin_run(ask: CheckoutAsk, standing: Standing) -> Run:
    """Return a run that nobody works on yet."""
    run = Run(ask, asyncio.get_running_loop().create_future(), standing, TRACEPARENT.get())
    run.end.add_done_callback(_take_note)
    return run


async def wait_for_end(shop: Shop, run: Run, *, is_first: bool) -> CheckoutEnd | None:
    """Return the end, or how it stands; None when who asked first was refused, and he alone.

    Raises how it failed. Whoever is cancelled meanwhile takes nothing from the others.
    """
    end = run.end
    await asyncio.wait((end,), timeout=shop.config.answer_s)
    if not end.done() or end.cancelled():
        return await _so_far(shop, run.ask.user_id, is_over=end.done())
    if run.is_own and not is_first:
        return None
    error = end.exception()
    if error is not None:
        if is_first or not isinstance(error, Refusal):
            raise error
        return None
    told = end.result()
    if isinstance(told, Checkout):
        if told.failure is not None and not told.is_open:
            raise failed(told.failure, replayed=run.is_shared or not is_first)
        return CheckoutEnd(told.status)
    return CheckoutEnd(told.status, told.body, told.sequence, told.replayed or not is_first)


async def _so_far(shop: Shop, user_id: str, *, is_over: bool) -> CheckoutEnd:
    """Return how a checkout stands that has no end. ``is_over``: nobody works on it now."""
    checkout = await shop.find_checkout(user_id)
    if checkout is not None and checkout.is_open:
        return CheckoutEnd(checkout.status)
    if is_over:
        raise ShuttingDown
    return CheckoutEnd("in_progress")


def _take_note(end: "asyncio.Future[Checkout | CheckoutEnd]") -> None:
    """Look at the end, in case that nobody waits for it any more."""
    if not end.cancelled():
        end.exception()
