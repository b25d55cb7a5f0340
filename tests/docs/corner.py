"""The platform that the example of docs/commerce.md is written for, and a lab to try it in."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from surestock.cart.model import ExternalContext
from surestock.commerce.platform import Platform
from surestock.commerce.port import CommerceProvider, OrderRequest, Payment, WantedItem
from surestock.commerce.registry import read_config
from surestock.kit.clock import SystemClock

KEY = "corner-key"
_PRICES = {"phone": 79_900, "plan": 1_999, "case": 2_500}


class Corner:
    """A shop with a REST API. ``orders`` holds what somebody has to pay, by the reference."""

    def __init__(self) -> None:
        self._ids = count(1)
        self._ordered: dict[str, str] = {}
        self.carts: dict[str, dict[str, Any]] = {}
        self.orders: dict[str, list[dict[str, Any]]] = {}
        self.loses_answer = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, unless the answer is to get lost."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, target, _ = head.split("\r\n", 1)[0].split(" ")
        headers = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        status, answer = 401, None
        if headers.get("authorization") == f"bearer {KEY}":
            status, answer = self._answer(method, target, json.loads(body or b"null"))
        lost, self.loses_answer = self.loses_answer and target.endswith("/order"), False
        if not lost:
            sent = json.dumps(answer).encode()
            writer.write(
                b"HTTP/1.1 %d -\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b"
                % (status, len(sent), sent)
            )
        writer.close()

    def _answer(self, method: str, target: str, body: Any) -> tuple[int, object]:
        url = urlsplit(target)
        answer: tuple[int, object] = 405, None
        match method, *map(unquote, url.path.strip("/").split("/")):
            case "POST", "carts":
                cart = {"id": f"c{next(self._ids)}", "currency": body["currency"], "lines": []}
                self.carts[cart["id"]] = cart
                answer = 201, cart
            case "GET", "orders":
                answer = 200, self.orders.get(parse_qs(url.query)["reference"][0], [])
            case _, "carts", cart_id, *_ if cart_id not in self.carts:
                answer = 404, None
            case "GET", "carts", cart_id:
                answer = 200, self.carts[cart_id]
            case "DELETE", "carts", cart_id:
                answer = 200, self.carts.pop(cart_id)
            case "POST", "carts", cart_id, "order":
                answer = self._order(self.carts[cart_id], body)
            case _, "carts", cart_id, "lines", sku:
                answer = self._set(self.carts[cart_id], sku, 0 if body is None else body["qty"])
        return answer

    def _set(self, cart: dict[str, Any], sku: str, qty: int) -> tuple[int, object]:
        if sku not in _PRICES:
            return 422, None
        cart["lines"] = [line for line in cart["lines"] if line["sku"] != sku]
        if qty:
            cart["lines"].append({"sku": sku, "qty": qty, "price": _PRICES[sku]})
        return 200, cart

    def _order(self, cart: dict[str, Any], wanted: dict[str, Any]) -> tuple[int, object]:
        reference = wanted["reference"]
        if wanted["method"] == "declined":
            return 402, None
        if self._ordered.setdefault(cart["id"], reference) != reference:
            return 409, None
        if reference not in self.orders:
            total = sum(line["qty"] * line["price"] for line in cart["lines"])
            name = f"o{next(self._ids)}"
            order = {"id": name, "number": name, "state": "placed", "total": total}
            self.orders[reference] = [order | {"currency": cart["currency"]}]
        return 200, self.orders[reference][0]


class CornerLab:
    """Implements the ``Lab`` of the conformance suite."""

    currency = "EUR"
    articles = tuple(WantedItem(sku, 1, price, sku, "device") for sku, price in _PRICES.items())

    def __init__(self, platform: Platform, corner: Corner, port: int) -> None:
        self._platform = platform
        self._corner = corner
        settings = {"http": {"base_url": f"http://127.0.0.1:{port}"}, "key": KEY}
        self._config = json.dumps(settings).encode()
        self.provider: CommerceProvider = self.restarted()

    def restarted(self) -> CommerceProvider:
        config = read_config("corner", self._platform.config, self._config)
        return self._platform.make(config, SystemClock())

    def request(self, attempt_id: str, subtotal: int) -> OrderRequest:
        return OrderRequest(attempt_id, "EUR", subtotal, payment=Payment("card", "token"))

    def declined(self, attempt_id: str, subtotal: int) -> OrderRequest | None:
        return OrderRequest(attempt_id, "EUR", subtotal, payment=Payment("declined"))

    def total(self, subtotal: int) -> int | None:
        return subtotal

    async def expire(self, context: ExternalContext) -> None:
        del self._corner.carts[context.external_cart_id]

    async def scarce(self) -> None:
        return None

    async def lose_next_answer(self) -> None:
        self._corner.loses_answer = True

    async def settle(self) -> None:
        """Everything is done at once here."""

    async def count_orders(self, attempt_id: str) -> int:
        return len(self._corner.orders.get(attempt_id, ()))


@asynccontextmanager
async def corner_lab(platform: Platform) -> AsyncIterator[CornerLab]:
    """Serve the shop for as long as the block lasts."""
    corner = Corner()
    server = await asyncio.start_server(corner.serve, "127.0.0.1", 0)
    async with server:
        lab = CornerLab(platform, corner, server.sockets[0].getsockname()[1])
        try:
            yield lab
        finally:
            await lab.provider.aclose()
