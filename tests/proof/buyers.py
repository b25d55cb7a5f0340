"""Users who fill carts and buy them over HTTP, again and again, while the service is killed.

Each request has a key and is sent until it is answered, so that what a cart holds is known exactly.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

import orjson

from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.server import Server

PHONE = "phone-9"
STORE = "online"
ON_HAND = 100_000
_AGAIN_S = 0.05
_NOT_YET = {202, 429, 502, 503}


@dataclass(slots=True)
class Bought:
    """A checkout that was answered with an order, and what its cart held."""

    user: str
    key: str
    body: bytes
    qty: int

    @property
    def cart_id(self) -> str:
        """The cart that it bought."""
        told: str = orjson.loads(self.body)["cartId"]
        return told


@dataclass(slots=True)
class Buyers:
    """``users`` at one server, wherever that listens by now."""

    server: Server
    users: int
    bought: list[Bought] = field(default_factory=list)
    declined: int = 0
    asked: int = 0

    async def open(self) -> None:
        """Let there be a phone, and many of it."""
        product = {"name": "Phone 9", "type": "device", "currency": "EUR", "unitPrice": 49900}
        body = orjson.dumps({**product, "stocked": True})
        assert (await self._send("PUT", f"/catalog/{PHONE}", body, "open")).is_success
        stock = b'{"onHand":%d}' % ON_HAND
        path = f"/stores/{STORE}/inventory/{PHONE}"
        assert (await self._send("PUT", path, stock, "open")).is_success

    async def buy(self, until: asyncio.Event) -> None:
        """Let all users buy until told; each brings to its end what it began."""
        async with asyncio.TaskGroup() as group:
            for number in range(self.users):
                group.create_task(self._buy_on(f"user-{number}", until))

    async def ask_again(self, bought: Iterable[Bought]) -> int:
        """Send each checkout again, keys and all; return how many are told something else."""
        differing = 0
        for each in bought:
            reply = await self._check_out(each.user, each.key)
            differing += reply.body != each.body
        return differing

    async def level(self) -> dict[str, int]:
        """Return the phones."""
        async with Connection(self.server.port) as connection:
            return await connection.get(f"/stores/{STORE}/inventory/{PHONE}")

    async def _buy_on(self, user: str, until: asyncio.Event) -> None:
        number = 0
        while not until.is_set():
            number += 1
            qty = number % 3 + 1
            item = orjson.dumps({"sku": PHONE, "qty": qty})
            reply = await self._send("POST", f"/carts/{user}/items", item, f"add-{number}")
            assert reply.status == 200, reply.body
            keys = [f"buy-{number}"] if number % 2 else [f"buy-{number}", f"too-{number}"]
            ends = await asyncio.gather(*(self._check_out(user, key) for key in keys))
            while ends[0].status == 402:
                self.declined += 1
                keys = [f"{keys[0]}-again"]
                ends = [await self._check_out(user, keys[0])]
            for key, end in zip(keys, ends, strict=True):
                if end.status != 402:
                    assert end.status == 200, end.body
                    self.bought.append(Bought(user, key, end.body, qty))

    async def _check_out(self, user: str, key: str) -> Reply:
        while True:
            reply = await self._send("POST", f"/carts/{user}/checkout", b"{}", key)
            if reply.status not in _NOT_YET:
                return reply
            await asyncio.sleep(_AGAIN_S)

    async def _send(self, method: str, path: str, body: bytes, key: str) -> Reply:
        """Send a request until it is answered by a service that takes it on."""
        while True:
            self.asked += 1
            try:
                async with asyncio.timeout(20), Connection(self.server.port) as connection:
                    reply = await connection.request(method, path, body, key)
            except (Unanswered, TimeoutError):
                await asyncio.sleep(_AGAIN_S)
                continue
            if reply.status == 202 or reply.status not in _NOT_YET:
                return reply
            await asyncio.sleep(_AGAIN_S)
