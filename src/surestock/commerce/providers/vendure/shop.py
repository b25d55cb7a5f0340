"""The session of one shopper: its active order, and the moves that the Shop API has for it.

An unknown token is no error to Vendure: it opens another session, and a first item opens another
order in it. So every answer is held against the token and the order's code that we know.
"""

from collections.abc import Mapping
from typing import Any, Final

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import BadAnswer, CartExpired, InsufficientStock
from surestock.commerce.providers.vendure import queries
from surestock.commerce.providers.vendure.answer import (
    ORDER,
    ActiveOrder,
    Line,
    Result,
    ShippingQuote,
)
from surestock.commerce.providers.vendure.graphql import Answered, Api
from surestock.commerce.providers.vendure.refusal import payment_refusal_of, refusal_of

TOKEN: Final = "token"  # noqa: S105 - the name of a secret
ADDING_ITEMS: Final = "AddingItems"
ARRANGING_PAYMENT: Final = "ArrangingPayment"
_NO_STOCK: Final = "InsufficientStockError"


class Session:
    """Asks the Shop API on behalf of one cart. Every verb raises ``CartExpired``."""

    def __init__(self, api: Api, context: ExternalContext, attempt_field: str) -> None:
        self._api = api
        self._code = context.external_cart_id
        self._token = context.secrets.get(TOKEN)
        self._attempt_field = attempt_field

    async def read(self) -> ActiveOrder:
        """Return the order as it is."""
        answered = await self._ask(queries.ACTIVE_ORDER)
        order = answered.part("activeOrder", ActiveOrder | None)  # type: ignore[arg-type]
        return self._ours(order)

    async def add(self, variant: str, qty: int, sku: str) -> ActiveOrder:
        """Add so many. Raises ``InsufficientStock``, after which some may have been added."""
        answered = await self._ask(queries.ADD, {"variant": variant, "qty": qty})
        return self._stocked(answered, "addItemToOrder", sku)

    async def adjust(self, line: Line, qty: int) -> ActiveOrder:
        """Let a line hold so many. Raises ``InsufficientStock``, after which it may hold fewer."""
        answered = await self._ask(queries.ADJUST, {"line": line.id, "qty": qty})
        return self._stocked(answered, "adjustOrderLine", line.product_variant.sku)

    async def remove(self, line: Line) -> ActiveOrder:
        """Take a line out."""
        answered = await self._ask(queries.REMOVE, {"line": line.id})
        return self._order(answered, "removeOrderLine")

    async def move(self, state: str) -> ActiveOrder:
        """Bring the order into another state."""
        answered = await self._ask(queries.MOVE, {"state": state})
        return self._order(answered, "transitionOrderToState")

    async def address(
        self, customer: Mapping[str, str], address: Mapping[str, str], attempt_id: str
    ) -> None:
        """Tell who buys, where it goes, and which attempt this is."""
        variables = {
            "customer": customer,
            "address": address,
            "fields": {"customFields": {self._attempt_field: attempt_id}},
        }
        answered = await self._ask(queries.ADDRESS, variables)
        for part in ("customer", "address", "attempt"):
            self._order(answered, part)

    async def shipping_quotes(self) -> tuple[ShippingQuote, ...]:
        """Return the ways to ship the order."""
        answered = await self._ask(queries.SHIPPING)
        return answered.part("eligibleShippingMethods", tuple[ShippingQuote, ...])

    async def ship(self, method: ShippingQuote) -> ActiveOrder:
        """Choose how to ship, and let the order wait for its payment."""
        variables = {"method": [method.id], "state": ARRANGING_PAYMENT}
        answered = await self._ask(queries.SHIP, variables)
        self._order(answered, "shipping")
        return self._order(answered, "state")

    async def pay(self, method: str, metadata: Mapping[str, str]) -> ActiveOrder:
        """Add the payment, once. Raises ``PaymentDeclined``, or ``OutcomeUnknown`` in doubt."""
        variables = {"input": {"method": method, "metadata": metadata}}
        answered = await self._ask(queries.PAY, variables, safe=False)
        result = answered.part("addPaymentToOrder", Result)
        if result.typename != ORDER:
            raise payment_refusal_of(result)
        return self._ours(answered.part("addPaymentToOrder", ActiveOrder))

    async def _ask(
        self, document: str, variables: Mapping[str, Any] | None = None, *, safe: bool = True
    ) -> Answered:
        if self._token is None:
            raise _expired()
        document = queries.with_field(document, self._attempt_field)
        answered = await self._api.ask(document, variables, token=self._token, safe=safe)
        if answered.new_token is not None:
            raise _expired()
        return answered

    def _stocked(self, answered: Answered, part: str, sku: str) -> ActiveOrder:
        result = answered.part(part, Result)
        if result.typename == _NO_STOCK:
            raise InsufficientStock(sku, result.quantity_available)
        return self._order(answered, part)

    def _order(self, answered: Answered, part: str) -> ActiveOrder:
        result = answered.part(part, Result)
        if result.typename != ORDER:
            raise refusal_of(result)
        return self._ours(answered.part(part, ActiveOrder))

    def _ours(self, order: ActiveOrder | None) -> ActiveOrder:
        if order is None or order.code != self._code:
            raise _expired()
        return order


async def open_session(api: Api, currency: str, attempt_field: str) -> tuple[str, ActiveOrder]:
    """Begin a session with an empty order, and return its token and the order."""
    document = queries.with_field(queries.OPEN, attempt_field)
    answered = await api.ask(document, {"currency": currency})
    result = answered.part("setCurrencyCodeForOrder", Result)
    if result.typename != ORDER:
        raise refusal_of(result)
    if answered.new_token is None:
        raise BadAnswer("The commerce platform gave no session: does it use bearer tokens?")
    return answered.new_token, answered.part("setCurrencyCodeForOrder", ActiveOrder)


def _expired() -> CartExpired:
    return CartExpired("The commerce platform does not know the cart any more.")
