"""A simulated platform on a bench: by itself, with a clock that sleeping moves."""

from msgspec import structs

from surestock.commerce.port import OrderRequest, Payment, RemoteCart, WantedItem
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider
from surestock.kit.clock import ManualClock

PHONE = WantedItem("phone", 2, 79_900, "Phone", "device")


class Bench:
    """A provider by itself. Sleeping moves its clock."""

    def __init__(self, **settings: object) -> None:
        config = structs.replace(SimulatedConfig(), **settings)
        self.clock = ManualClock()
        self.provider = SimulatedProvider(config, self.clock, sleep=self._sleep)
        self.script = self.provider.script
        self.till = self.provider.shop.till

    async def cart(self) -> RemoteCart:
        opened = await self.provider.open_cart("EUR", "cart-1")
        return await self.provider.set_quantity(opened.context, PHONE, None)

    async def place(self, cart: RemoteCart, attempt: str, method: str = "card") -> object:
        request = OrderRequest(attempt, "EUR", cart.total or 0, payment=Payment(method))
        return await self.provider.place_order(cart.context, request)

    async def state(self, cart: RemoteCart, attempt: str) -> str | None:
        order = await self.provider.find_order(cart.context, attempt)
        return None if order is None else order.state

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)
