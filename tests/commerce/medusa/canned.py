"""A Medusa that says what a test wants it to say, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import structs

from surestock.cart.model import ExternalContext
from surestock.commerce.http import HttpConfig
from surestock.commerce.port import Address, Customer, OrderRequest
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.provider import MedusaProvider
from surestock.kit.clock import ManualClock

CART = "/store/carts/cart_1"
COMPLETE = f"POST {CART}/complete"
ATTEMPT = "att-1"
CONTEXT = ExternalContext("medusa", "cart_1")
REQUEST = OrderRequest(
    ATTEMPT,
    "EUR",
    1999,
    Customer("ada@example.com", "Ada", "Lovelace"),
    Address("1 Long Street", "Berlin", "10115", "DE"),
)


def line(**changes: object) -> dict[str, Any]:
    """Return a line of the cart."""
    usual = {"id": "cali_1", "variant_sku": "phone", "variant_id": "var_1"}
    return {**usual, "quantity": 1, "unit_price": 19.99, **changes}


def cart(**changes: object) -> dict[str, Any]:
    """Return the answer that holds a cart which is prepared."""
    usual = {
        "id": "cart_1",
        "currency_code": "eur",
        "created_at": "2026-01-01T10:00:00.000Z",
        "completed_at": None,
        "customer": {"id": "cus_1"},
        "total": 24.99,
        "metadata": {"surestock_attempt": ATTEMPT},
        "items": [line()],
        "shipping_methods": [{"shipping_option_id": "so_1"}],
    }
    return {"cart": {**usual, **changes}}


def order(*payments: str, **changes: object) -> dict[str, Any]:
    """Return an order with such payments."""
    usual: dict[str, Any] = {"id": "order_1", "display_id": 7, "status": "pending"}
    collections = [{"status": status} for status in payments]
    money = {"currency_code": "eur", "total": 24.99, "payment_collections": collections}
    return {**usual, **money, **changes}


class Canned:
    """``answers`` holds, for a method and path, what comes one after the other; the last stays."""

    def __init__(self) -> None:
        self.answers: dict[str, list[tuple[int, object]]] = {}
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.queries: list[str] = []
        self.url = ""
        self._made: list[MedusaProvider] = []

    def say(self, request: str, *answers: object, status: int = 200) -> None:
        """Answer a request so. Bytes go out as they are, None hangs up, all else is JSON."""
        self.answers[request] = [(status, answer) for answer in answers]

    def provider(self, **changes: object) -> MedusaProvider:
        """Return a provider for it."""
        config = MedusaConfig(HttpConfig(base_url=self.url), publishable_key="pk_1")
        provider = MedusaProvider(structs.replace(config, **changes), ManualClock())
        self._made.append(provider)
        return provider

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one request, and close."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        for header in head.lower().split("\r\n"):
            if header.startswith("content-length:"):
                body = await reader.readexactly(int(header.partition(":")[2]))
                self.bodies.append(msgspec.json.decode(body))
        method, target, _ = head.split(" ", 2)
        request = f"{method} {target.partition('?')[0]}"
        self.asked.append(request)
        self.queries.append(target.partition("?")[2])
        left = self.answers.get(request, [(599, b"")])
        status, answer = left.pop(0) if len(left) > 1 else left[0]
        if answer is None:
            writer.transport.abort()
            return
        body = answer if isinstance(answer, bytes) else msgspec.json.encode(answer)
        lines = [f"HTTP/1.1 {status} Canned", f"Content-Length: {len(body)}", "Retry-After: 9"]
        writer.write("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body)
        await writer.drain()
        writer.close()

    async def aclose(self) -> None:
        """Close the providers."""
        for provider in self._made:
            await provider.aclose()


@asynccontextmanager
async def canned_medusa() -> AsyncIterator[Canned]:
    """Give one that has a cart which is prepared."""
    canned = Canned()
    canned.say(f"GET {CART}", cart())
    listener = await asyncio.start_server(canned.answer, "127.0.0.1", 0)
    canned.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    async with listener:
        yield canned
        await canned.aclose()
