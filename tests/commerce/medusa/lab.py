"""The real shop as something to run the conformance suite on."""

from typing import Final

from msgspec import structs

from surestock.cart.model import ExternalContext
from surestock.commerce.http import HttpConfig
from surestock.commerce.port import (
    Address,
    CommerceProvider,
    Customer,
    OrderRequest,
    Payment,
    WantedItem,
)
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.provider import MedusaProvider
from surestock.kit.clock import ManualClock
from tests.commerce.medusa.shop import CASE, PHONE, PLAN, SCARCE, SHIPPING, Shop
from tests.commerce.medusa.wire import Wire

STEERED: Final = "pp_steered_steered"
ADA: Final = Customer("ada@example.com", "Ada", "Lovelace")
HOME: Final = Address("1 Long Street", "Berlin", "10115", "DE")


class MedusaLab:
    """Makes providers for the shop, by way of the wire, and closes them at the end."""

    currency = "EUR"
    articles = (PHONE, PLAN, CASE)

    def __init__(self, shop: Shop, wire: Wire) -> None:
        self.shop = shop
        self.wire = wire
        self.config = MedusaConfig(
            http=HttpConfig(base_url=wire.url, read_s=40.0, total_s=40.0),
            publishable_key=shop.keys.publishable_key,
            secret_key=shop.keys.secret_key,
            payment_provider=STEERED,
        )
        self._made: list[MedusaProvider] = []
        self.provider: CommerceProvider = self.restarted()

    def give_up_secret_key(self) -> None:
        """From now on make do with the Store API."""
        self.config = structs.replace(self.config, secret_key=None)
        self.provider = self.restarted()

    def restarted(self, **changes: object) -> MedusaProvider:
        config = structs.replace(self.config, **changes)
        provider = MedusaProvider(config, ManualClock())
        self._made.append(provider)
        return provider

    def request(self, attempt_id: str, subtotal: int, token: str | None = None) -> OrderRequest:
        payment = Payment(token=token)
        return OrderRequest(attempt_id, self.currency, subtotal, ADA, HOME, payment)

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest | None:
        return self.request(attempt_id, subtotal, "decline")

    def total(self, subtotal: int) -> int | None:
        return subtotal + SHIPPING

    async def expire(self, context: ExternalContext) -> None:
        self.shop.forget_cart(context.external_cart_id)

    async def scarce(self) -> tuple[WantedItem, int] | None:
        return SCARCE, 3

    async def lose_next_answer(self) -> None:
        self.wire.lose = "/complete"

    async def settle(self) -> None:
        """Nothing is left to do: the wire loses an answer once it is there."""

    async def count_orders(self, attempt_id: str) -> int:
        return self.shop.orders_of(attempt_id)

    async def aclose(self) -> None:
        for provider in self._made:
            await provider.aclose()
