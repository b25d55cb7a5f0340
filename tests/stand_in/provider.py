"""The provider: the port's verbs over HTTP. Written as a package of somebody else's would be."""

from typing import Any

from msgspec import Struct

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    OutcomeUnknown,
    PaymentDeclined,
    Unavailable,
)
from surestock.commerce.http import Http, HttpConfig
from surestock.commerce.platform import Platform
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.reply import Reply
from surestock.kit.clock import Clock

_NAME = "stand-in"


class _Line(Struct, frozen=True, rename="camel"):
    sku: str
    qty: int
    price: int


class _Cart(Struct, frozen=True, rename="camel"):
    cart_id: str
    currency: str
    lines: list[_Line]


class _Order(Struct, frozen=True):
    order_id: str
    total: int
    currency: str


class StandInConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the platform is, and how long after it was asked for an order may still turn up."""

    http: HttpConfig
    settles_s: float


class StandInProvider:
    """Maps verbs to requests, and statuses to errors."""

    name = _NAME

    def __init__(self, config: StandInConfig, _: Clock) -> None:
        self._http = Http(config.http)
        self.capabilities = Capabilities(
            idempotent_place=False, stock="none", settles_s=config.settles_s
        )

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        body = {"currency": currency, "reference": reference}
        return await self._cart("POST", "/carts", body)

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        return await self._cart("GET", f"/carts/{context.external_cart_id}")

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        path = f"/carts/{context.external_cart_id}/lines/{item.sku}"
        return await self._cart("PUT", path, {"qty": item.qty, "price": item.unit_price})

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        return await self._cart("DELETE", f"/carts/{context.external_cart_id}/lines/{line.sku}")

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        return await self.read_cart(context)

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        path = f"/carts/{context.external_cart_id}/orders"
        body = {"attemptId": request.attempt_id}
        reply = await self._http.send("POST", path, safe=False, json=body)
        if reply.status == 402:
            raise PaymentDeclined("The payment was refused.")
        if reply.status == 410:
            raise CartExpired("The cart is gone.")
        if not reply.is_success:
            raise OutcomeUnknown(f"The order was answered with status {reply.status}.")
        return _placed(reply)

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        reply = await self._send("GET", f"/orders/{attempt_id}")
        return None if reply.status == 404 else _placed(reply)

    async def close_cart(self, context: ExternalContext) -> None:
        await self._send("DELETE", f"/carts/{context.external_cart_id}")

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _cart(self, method: str, path: str, body: Any = None) -> RemoteCart:
        reply = await self._send(method, path, body)
        if reply.status == 410:
            raise CartExpired("The cart is gone.")
        if not reply.is_success:
            raise BadAnswer(f"The cart was answered with status {reply.status}.")
        cart = reply.decode(_Cart)
        lines = tuple(RemoteLine(it.sku, it.sku, it.qty, it.price) for it in cart.lines)
        return RemoteCart(ExternalContext(_NAME, cart.cart_id, {}), lines, cart.currency)

    async def _send(self, method: str, path: str, body: Any = None) -> Reply:
        reply = await self._http.send(method, path, safe=True, json=body)
        if reply.status >= 500:
            raise Unavailable("The platform failed.")
        return reply


def _placed(reply: Reply) -> PlacedOrder:
    order = reply.decode(_Order)
    return PlacedOrder(order.order_id, order.order_id, "placed", order.total, order.currency)


PLATFORM = Platform(config=StandInConfig, make=StandInProvider)
