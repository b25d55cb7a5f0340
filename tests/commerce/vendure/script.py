"""A platform that answers as it is told, for answers that the real one gives too rarely."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import pytest

from surestock.cart.model import ExternalContext
from surestock.commerce.http import Http
from surestock.commerce.port import Address, Customer, OrderRequest, WantedItem
from surestock.commerce.providers.vendure import PLATFORM
from surestock.commerce.providers.vendure.graphql import TOKEN_HEADER
from surestock.commerce.providers.vendure.provider import VendureProvider
from surestock.commerce.providers.vendure.shop import TOKEN
from surestock.commerce.reply import Reply
from surestock.kit.clock import ManualClock

CONTEXT = ExternalContext("vendure", "CODE", {TOKEN: "known"})
ITEM = WantedItem("WIDGET", 2, 1100, "Widget", "device")
ATTEMPT = "att-1"
CONFIG = {
    "http": {"base_url": "http://shop.invalid"},
    "admin": {"username": "keeper", "password": "opens-nothing"},
    "prices": "gross",
    "payment_method": "card",
}
REQUEST = OrderRequest(
    ATTEMPT,
    "EUR",
    2200,
    Customer("buyer@example.org", "Grace", "Buyer"),
    Address("Side Street 2", "Hamburg", "20095", "DE"),
)


def line(number: int = 1, quantity: int = 2, sku: str = "WIDGET") -> dict[str, Any]:
    return {
        "id": str(number),
        "quantity": quantity,
        "unitPrice": 1000,
        "unitPriceWithTax": 1100,
        "productVariant": {"sku": sku},
    }


def order(*lines: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return an order of our cart, in the state before a payment."""
    usual = {
        "__typename": "Order",
        "id": "7",
        "code": "CODE",
        "state": "ArrangingPayment",
        "currencyCode": "EUR",
        "totalWithTax": 2700,
        "lines": list(lines),
        "payments": [],
        "customFields": {"attempt": ATTEMPT},
    }
    return usual | more


def data(**parts: Any) -> Reply:
    return Reply(200, {}, msgspec.json.encode({"data": parts}))


def fault(code: str, status: int = 200) -> Reply:
    told = {"errors": [{"message": "secret detail", "extensions": {"code": code}}], "data": None}
    return Reply(status, {}, msgspec.json.encode(told))


def logged_in() -> Reply:
    answer = msgspec.json.encode({"data": {"login": {"__typename": "CurrentUser"}}})
    return Reply(200, {TOKEN_HEADER: "keeper"}, answer)


class Script:
    """Answers one request after the other, and keeps what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._replies: list[Reply] = []
        self.asked: list[dict[str, Any]] = []
        monkeypatch.setattr(Http, "send", self._send)

    def answer(self, replies: Iterable[Reply]) -> None:
        self._replies.extend(replies)

    @property
    def is_over(self) -> bool:
        return not self._replies

    def provider(self) -> VendureProvider:
        made = PLATFORM.make(msgspec.convert(CONFIG, PLATFORM.config), ManualClock())
        assert isinstance(made, VendureProvider)
        return made

    async def _send(self, method: str, path: str, **more: Any) -> Reply:
        self.asked.append({"path": path, **more["json"], "safe": more["safe"]})
        return self._replies.pop(0)
