"""The platform that the conformance suite tries the provider on: the fake, seen from both ends."""

from decimal import Decimal

import msgspec

from surestock.cart.model import ExternalContext
from surestock.commerce.port import Address, Customer, OrderRequest, Payment, WantedItem
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.provider import SalesforceProvider
from surestock.kit.clock import ManualClock
from tests.commerce.salesforce.fake.guests import CLIENT, REDIRECT, SECRET
from tests.commerce.salesforce.fake.routes import ORGANIZATION, SITE
from tests.commerce.salesforce.fake.server import Fake, lost
from tests.commerce.salesforce.fake.shop import SHIPPING

PHONE = WantedItem("phone-1", 1, 89999, "Phone", "device")
PLAN = WantedItem("plan-1", 1, 1950, "Plan", "plan")
CASE = WantedItem("case-1", 1, 500, "Case", "accessory")
SCARCE = WantedItem("scarce-1", 1, 110, "Cable", "accessory")
ADA = Customer("ada@example.com", "Ada", "Lovelace")
HOME = Address("1 Main Street", "London", "NW1 6XE", "GB", line2="Flat 2")


class SalesforceLab:
    """Makes providers for the fake, by way of ``base_url``, and closes them at the end."""

    currency = "EUR"
    articles = (PHONE, PLAN, CASE)

    def __init__(self, fake: Fake, base_url: str) -> None:
        self.fake = fake
        self.clock = ManualClock()
        self.config = SalesforceConfig(
            base_url=base_url,
            organization_id=ORGANIZATION,
            site_id=SITE,
            client_id=CLIENT,
            redirect_uri=REDIRECT,
            shipping_method="001",
            payment_method="CREDIT_CARD",
            deferred_methods=("INVOICE",),
            declined_types=("payment-declined", "invalid-payment-method-id", "card-refused"),
        )
        self._made: list[SalesforceProvider] = []
        self.provider = self.restarted()

    def restarted(self, **changes: object) -> SalesforceProvider:
        config = msgspec.structs.replace(self.config, **changes)
        provider = SalesforceProvider(config, self.clock)
        self._made.append(provider)
        return provider

    def private(self) -> SalesforceProvider:
        """Return a provider that is a private client, whose refresh tokens stay."""
        return self.restarted(client_secret=SECRET, redirect_uri=None)

    def request(self, attempt_id: str, subtotal: int) -> OrderRequest:
        payment = Payment(token="card-1")
        return OrderRequest(attempt_id, self.currency, subtotal, ADA, HOME, payment)

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest | None:
        request = self.request(attempt_id, subtotal)
        return msgspec.structs.replace(request, payment=Payment(token="declined"))

    def total(self, subtotal: int) -> int | None:
        return subtotal + int(SHIPPING * Decimal(100))

    async def expire(self, context: ExternalContext) -> None:
        del self.fake.shop.baskets[context.external_cart_id]

    async def scarce(self) -> tuple[WantedItem, int] | None:
        return SCARCE, self.fake.shop.products[SCARCE.sku].stock

    async def lose_next_answer(self) -> None:
        self.fake.meet(r"POST .*/orders$", lost)

    async def settle(self) -> None:
        self.fake.release()

    async def count_orders(self, attempt_id: str) -> int:
        names = [order.custom.get("c_surestockAttempt") for order in self.fake.shop.orders]
        return names.count(attempt_id)

    async def aclose(self) -> None:
        for provider in self._made:
            await provider.aclose()
