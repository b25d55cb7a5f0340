"""The port to the simulated platform: each verb waits, may go wrong, and is then one step."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from surestock.cart.model import ExternalContext
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.script import Fault, Script, draws
from surestock.commerce.providers.simulated.shop import NAME, Shop
from surestock.commerce.providers.simulated.till import Delay
from surestock.kit.clock import Clock

_T = TypeVar("_T")


class SimulatedProvider:
    """``shop`` is the platform behind it, and ``script`` is where a test says what goes wrong.

    A second provider may be given the ``shop`` of the first: as after a restart of the service.
    """

    name = NAME

    def __init__(
        self,
        config: SimulatedConfig,
        clock: Clock,
        shop: Shop | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._latency_s = config.latency_ms / 1000
        self._sleep = sleep
        self.shop = shop or Shop(config, clock)
        self.script = Script(config, draws(config.seed).__next__)
        self.capabilities = Capabilities(
            idempotent_place=config.idempotent_place and not config.doubles,
            stock=config.stock,
            settles_s=config.settles_s,
            in_process=shop is None,
        )

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:  # noqa: ARG002
        """Make an empty cart."""
        return await self._do("open_cart", lambda: self.shop.open(currency))

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the cart."""
        return await self._do("read_cart", lambda: self.shop.read(context))

    async def set_quantity(
        self,
        context: ExternalContext,
        item: WantedItem,
        line: RemoteLine | None,  # noqa: ARG002 -- the SKU says enough here
    ) -> RemoteCart:
        """Let the cart hold so many of the SKU."""
        return await self._do("set_quantity", lambda: self.shop.set(context, item))

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take a line out."""
        return await self._do("remove_item", lambda: self.shop.remove(context, line))

    async def prepare_checkout(
        self,
        context: ExternalContext,
        request: OrderRequest,  # noqa: ARG002 -- placing takes all it needs from its own
    ) -> RemoteCart:
        """Look whether the cart can be ordered."""
        return await self._do("prepare_checkout", lambda: self.shop.prepare(context))

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Make an order of the cart."""
        fault = await self._meet_fault("place_order")
        delay = Delay() if fault is None else fault.delay
        order = self.shop.place(context, request, delay)
        if fault is not None:
            raise fault.make_error()
        return order

    async def find_order(
        self,
        context: ExternalContext,  # noqa: ARG002 -- attempts are unique over all carts
        attempt_id: str,
    ) -> PlacedOrder | None:
        """Return the order of an attempt, if it can be seen by now."""
        return await self._do("find_order", lambda: self.shop.till.ask(attempt_id))

    async def close_cart(self, context: ExternalContext) -> None:
        """Forget the cart."""
        await self._do("close_cart", lambda: self.shop.drop(context))

    async def aclose(self) -> None:
        """There is nothing to let go of."""

    async def _do(self, verb: str, step: Callable[[], _T]) -> _T:
        fault = await self._meet_fault(verb)
        result = step()
        if fault is not None:
            raise fault.make_error()
        return result

    async def _meet_fault(self, verb: str) -> Fault | None:
        """Raise a fault that comes before the step, return one that comes after it."""
        if self._latency_s:
            await self._sleep(self._latency_s)
        await self.script.pass_gate(verb)
        fault = self.script.find_fault(verb)
        if fault is not None and not fault.carried_out:
            raise fault.make_error()
        return fault
