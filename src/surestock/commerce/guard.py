"""Stands around a provider: time-outs, retries of what may be repeated, a breaker, places.

A slow or broken platform then costs a bounded number of bounded waits. Above all it keeps the one
promise that orders hang on: ``place_order`` is asked for once, and whatever comes of it that is
neither an order nor a definite no is :class:`OutcomeUnknown`. To take silence for a no is how one
cart is ordered twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from copy import copy
from typing import TypeVar

from surestock.cart.model import ExternalContext
from surestock.commerce.answer import check_cart, check_found, check_nothing, check_order, check_own
from surestock.commerce.errors import (
    BadAnswer,
    Conflict,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.observer import Nobody, Observer, Verb
from surestock.commerce.passage import Call, NotLetIn, Passage, TooSlow
from surestock.commerce.port import (
    CommerceProvider,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.kit.clock import Clock
from surestock.resilience.backoff import waits
from surestock.resilience.breaker import CircuitBreaker
from surestock.resilience.bulkhead import Bulkhead, Worth

_T = TypeVar("_T")


class Guard:
    """A ``CommerceProvider`` itself. Raises a ``CommerceError``, or lets a cancellation through.

    Repeated are the verbs that may be, when the platform was not reached, broke off or takes no
    more for now. A cart may be opened twice, too: the one whose answer was lost is empty, nobody
    pays for it, and it goes by itself. A call that took all its time is not repeated: that platform
    is slow, and more calls do not make it faster.
    """

    def __init__(
        self,
        provider: CommerceProvider,
        config: GuardConfig,
        clock: Clock,
        observer: Observer | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.name = provider.name
        self.capabilities = provider.capabilities
        self._provider = provider
        self._config = config
        self._sleep = sleep
        self._observer = observer or Nobody()
        self._passage = Passage(config.breaker, clock, self._observer)
        waiting, wait_s = config.most_waiting, config.longest_wait_s
        self._places = Bulkhead(config.places, waiting, wait_s)
        self._order_places = Bulkhead(config.order_places, waiting, wait_s)
        self.worth = Worth.ROUTINE

    @property
    def breaker(self) -> CircuitBreaker:
        """Its state and openings may be read at any time."""
        return self._passage.breaker

    def for_buyers(self) -> "Guard":
        """Return this guard for those who are about to buy: they go before the background."""
        same = copy(self)
        same.worth = Worth.SALE
        return same

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        """Make an empty cart."""
        return await self._cart("open_cart", lambda: self._provider.open_cart(currency, reference))

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the cart."""
        check_own(context, self.name)
        return await self._cart("read_cart", lambda: self._provider.read_cart(context))

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        """Let the cart hold so many of the SKU."""
        check_own(context, self.name)
        return await self._cart(
            "set_quantity", lambda: self._provider.set_quantity(context, item, line)
        )

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take a line out."""
        check_own(context, self.name)
        return await self._cart("remove_item", lambda: self._provider.remove_item(context, line))

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        """Set what placing needs."""
        check_own(context, self.name)
        return await self._cart(
            "prepare_checkout",
            lambda: self._provider.prepare_checkout(context, request),
            Worth.SALE,
        )

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Place the order: one call, never a second one.

        ``Unavailable`` and ``RateLimited``: surely not placed, and not asked for any more. A
        refusal: not placed. ``OutcomeUnknown``: everything else, be it a time-out, an answer that
        makes no sense, or a defect of the provider.
        """
        check_own(context, self.name)
        call = Call("place_order", self._order_places, Worth.LAST, self._config.place_order_s)
        try:
            return await self._passage.go(
                call, lambda: self._provider.place_order(context, request), check_order
            )
        except NotLetIn as error:
            raise Unavailable(str(error), error.retry_after_s) from error
        except (TooSlow, BadAnswer) as error:
            raise OutcomeUnknown(str(error)) from error

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        """Return the order of an attempt, if the platform knows it.

        ``Conflict`` when it was asked for at another platform: this one's "no" would say nothing.
        """
        if context.provider != self.name:
            raise Conflict("The order was asked for at another commerce platform.")
        return await self._repeat(
            self._call("find_order", Worth.SALE),
            lambda: self._provider.find_order(context, attempt_id),
            check_found,
        )

    async def close_cart(self, context: ExternalContext) -> None:
        """Let go of a cart."""
        check_own(context, self.name)
        await self._repeat(
            self._call("close_cart", Worth.ROUTINE),
            lambda: self._provider.close_cart(context),
            check_nothing,
        )

    async def aclose(self) -> None:
        """Let go of connections, within the time of a call."""
        try:
            async with asyncio.timeout(self._config.call_s):
                await self._provider.aclose()
        except Exception as error:  # noqa: BLE001 -- somebody else's code, at the very end
            self._observer.defect("aclose", error)

    def _call(self, verb: Verb, worth: Worth) -> Call:
        return Call(verb, self._places, worth, self._config.call_s)

    async def _cart(
        self,
        verb: Verb,
        make: Callable[[], Awaitable[RemoteCart]],
        worth: Worth | None = None,
    ) -> RemoteCart:
        return await self._repeat(
            self._call(verb, self.worth if worth is None else worth),
            make,
            lambda cart: check_cart(cart, self.name),
        )

    async def _repeat(
        self, call: Call, make: Callable[[], Awaitable[_T]], check: Callable[[_T], None]
    ) -> _T:
        config = self._config
        pauses = waits(config.retries, config.retry_base_s, config.longest_pause_s)
        while True:
            try:
                return await self._passage.go(call, make, check)
            except NotLetIn as error:
                raise Unavailable(str(error), error.retry_after_s) from error
            except TooSlow as error:
                raise Unavailable(str(error)) from error
            except (Unavailable, RateLimited) as error:
                pause_s = self._find_pause(error, pauses)
                if pause_s is None:
                    raise
            except OutcomeUnknown as error:
                # Of a verb that may be repeated it says no more than that no answer came.
                pause_s = next(pauses, None)
                if pause_s is None:
                    raise Unavailable(str(error)) from error
            await self._sleep(pause_s)

    def _find_pause(
        self, error: Unavailable | RateLimited, pauses: Iterator[float]
    ) -> float | None:
        """Return how long to wait before another try; None when there is to be none."""
        pause_s = next(pauses, None)
        if pause_s is None or error.retry_after_s > self._config.longest_pause_s:
            return None
        return pause_s + error.retry_after_s if isinstance(error, RateLimited) else pause_s
