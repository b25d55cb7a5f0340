"""The simulated platform as something to run the conformance suite on."""

from msgspec import structs

from surestock.cart.model import ExternalContext
from surestock.commerce.port import (
    Address,
    CommerceProvider,
    Customer,
    OrderRequest,
    Payment,
    StockRule,
    WantedItem,
)
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider
from surestock.kit.clock import ManualClock

_CUSTOMER = Customer("ada@example.com", "Ada", "Byron")
_ADDRESS = Address("1 Long Street", "London", "N1 1AA", "GB")
_SCARCE = WantedItem("scarce", 1, 70_000, "Scarce", "device")


class SimulatedLab:
    """Its platform's clock is moved by ``settle``, so that what is accepted late is there then."""

    currency = "EUR"
    articles = (
        WantedItem("phone", 1, 79_900, "Phone", "device"),
        WantedItem("plan", 1, 1_999, "Plan", "plan"),
        WantedItem("case", 1, 2_500, "Case", "accessory"),
    )

    def __init__(self, stock: StockRule = "none", **settings: object) -> None:
        self._config = SimulatedConfig(
            stock=stock,
            in_stock={"phone": 10_000, "scarce": 3},
            sells=("phone", "plan", "case", "scarce"),
        )
        self._config = structs.replace(self._config, **settings)
        self.clock = ManualClock()
        self.simulated = SimulatedProvider(self._config, self.clock)
        self.provider: CommerceProvider = self.simulated

    def restarted(self) -> CommerceProvider:
        return SimulatedProvider(self._config, self.clock, self.simulated.shop)

    def request(self, attempt_id: str, subtotal: int) -> OrderRequest:
        paid = Payment("card", "tok")
        return OrderRequest(attempt_id, self.currency, subtotal, _CUSTOMER, _ADDRESS, paid)

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest | None:
        refused = Payment("declined")
        return structs.replace(self.request(attempt_id, subtotal), payment=refused)

    def total(self, subtotal: int) -> int | None:
        return subtotal

    async def expire(self, context: ExternalContext) -> None:
        self.simulated.shop.drop(context)

    async def scarce(self) -> tuple[WantedItem, int] | None:
        if self._config.stock == "none":
            return None
        return _SCARCE, self.simulated.shop.stock["scarce"]

    async def lose_next_answer(self) -> None:
        self.simulated.script.accept_late(seconds=1)

    async def settle(self) -> None:
        self.clock.advance(2)

    async def count_orders(self, attempt_id: str) -> int:
        orders = self.simulated.shop.till.all()
        return sum(attempt == attempt_id for attempt, _ in orders)
