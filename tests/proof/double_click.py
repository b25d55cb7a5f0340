"""One cart bought at several processes at the same time, and what may come of it.

A round is a cart of its own. Each process gets three requests to buy it: with a key that all of
them get, with one that it alone gets, and with none. Each is sent until it is told of the order.
"""

import asyncio
import os
import signal
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson

from tests.proof.blows import ROUNDS, Blow, Blows, rounds_with
from tests.proof.buyers import ON_HAND, PHONE, Buyers
from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.patient import LOST
from tests.proof.server import Server
from tests.proof.several import Several
from tests.stand_in.terms import Behaviour, Books

_LATE_S = 0.3
_USERS = 3
_TRIES = 5_000
_WITHIN_S = 200
_ROUND_S, _PATIENCE_S = 30.0, 6.0
_OPEN = {"in_progress", "unknown"}
_NOT_NOW = {"LockHeld", "LockLost", "ProviderUnavailable", *LOST, "TurnLost", "IdempotencyInFlight"}
_NEVER_MADE = "ProviderError"


@dataclass
class DoubleClick:
    """``first`` counts what was said to the requests at first, ``wrong`` what was ever wrong.

    Each number may be played once: its keys are spent then. Who ``insists`` and has no key asks on
    whatever wrong he is told, where a test wants to see what comes of that.
    """

    several: Several
    blows: Blows
    first: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    sold: int = 0
    within_s: float = _WITHIN_S
    insists: bool = False
    _told: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    async def open(self) -> None:
        """Let there be what can be bought."""
        await Buyers(self.several.servers[0], 1).open()

    async def play(self, number: int) -> None:
        """Buy one cart; then see that all tell the same of it."""
        this = ROUNDS[number % len(ROUNDS)]
        user = f"user-{number % _USERS}"
        cart_id = await self._fill(user, number)
        await self._ask_again(user)
        await self.blows.platform.behave(Behaviour(outcomes=(this.outcome,), late_s=_LATE_S))
        places = range(len(self.several.servers))
        look = partial(self._look_around, user)
        keys = {place: ("together", f"alone-{place}", None) for place in places}
        async with asyncio.timeout(self.within_s), asyncio.TaskGroup() as group:
            striking = group.create_task(self.blows.strike(this.blow, look))
            asked = [
                (key, group.create_task(self._buy(place, user, key and f"{key}-{number}")))
                for place in places
                for key in keys[place]
            ]
            await striking
        bodies = {task.result() for _, task in asked}
        self._note(len(bodies) == 1, f"cart {cart_id} was told of in {len(bodies)} ways: {bodies}")
        for key, task in asked:
            if key is not None:
                self._told[f"{key}-{number}"] = user, task.result()
        await self._look(user, cart_id, bodies)

    async def _fill(self, user: str, number: int) -> str:
        qty = number % 3 + 1
        body = orjson.dumps({"sku": PHONE, "qty": qty})
        path = f"/carts/{user}/items"
        reply = None
        for _ in range(_TRIES):
            place = self.several.dice.randrange(len(self.several.servers))
            reply = await self._send(place, "POST", path, body, f"fill-{number}")
            if reply is not None and reply.is_success:
                self.sold += qty
                cart_id: str = reply.json()["cartId"]
                return cart_id
            await self._rest()
        raise AssertionError(f"cart {number} is never filled: {reply}")

    async def _ask_again(self, user: str) -> None:
        """Send the keys of the user's last cart, now that he has another one: none buys it."""
        before = {key: body for key, (whose, body) in self._told.items() if whose == user}
        for key, body in before.items():
            for place in range(len(self.several.servers)):
                told = await self._buy(place, user, key, is_again=True)
                self._note(told == body, f"{key} was told {body!r}, and at {place} now {told!r}")
            del self._told[key]

    async def _buy(
        self, place: int, user: str, key: str | None, *, is_again: bool = False
    ) -> bytes:
        """Ask one process to check out until it tells of an order; return what it tells."""
        path = f"/carts/{user}/checkout"
        reply = None
        for number in range(_TRIES):
            reply = await self._send(place, "POST", path, b"{}", key)
            if number == 0 and not is_again:
                self.first[_kind(reply)] += 1
            if reply is not None and reply.status == 200:
                self._note(reply.is_replay or not is_again, f"{key} is carried out anew: {reply}")
                return reply.body
            if reply is not None and not _may_ask_again(reply, is_again=is_again):
                self.wrong.append(f"{key} of {user} got {reply}")
                if key is not None or not self.insists:
                    return reply.body
            await self._rest()
        raise AssertionError(f"the checkout of {user} never ends: {reply}")

    async def _look_around(self, user: str, still: Server) -> None:
        """See that the others tell of a checkout that has no end, while one stands still."""
        for place, server in enumerate(self.several.servers):
            if server is not still:
                state = await self._state(place, user)
                self._note(state["checkoutStatus"] in _OPEN, f"while one stands still: {state}")

    async def _look(self, user: str, cart_id: str, bodies: set[bytes]) -> None:
        """See that every process tells the same end, and that it is the platform's."""
        states = [await self._state(place, user) for place in range(len(self.several.servers))]
        self._note(all(it == states[0] for it in states), f"the processes tell {states}")
        books = await self.blows.platform.books()
        orders = [it for made in books.orders.values() for it in made if it.reference == cart_id]
        told = {orjson.loads(body).get("orderId") for body in bodies} | {states[0].get("orderId")}
        self._note(states[0]["checkoutStatus"] == "completed", f"in the end: {states[0]}")
        self._note(told == {it.order_id for it in orders}, f"told {told}, ordered {orders}")

    async def _state(self, place: int, user: str) -> dict[str, Any]:
        async with Connection(self.several.servers[place].port) as connection:
            return await connection.get(f"/carts/{user}/checkout")

    async def _send(
        self, place: int, method: str, path: str, body: bytes, key: str | None
    ) -> Reply | None:
        try:
            async with Connection(self.several.servers[place].port) as connection:
                return await connection.request(method, path, body, key)
        except Unanswered:
            return None

    async def _rest(self) -> None:
        await asyncio.sleep(0.02 + self.several.dice.random() * 0.06)

    def _note(self, is_well: object, wrong: str) -> None:
        if not is_well:
            self.wrong.append(wrong)

    async def lost(self) -> list[int]:
        """Return by how much the phones of each process are fewer than they should be."""
        levels = [await Buyers(server, 1).level() for server in self.several.servers]
        return [ON_HAND - self.sold - it["onHand"] + it["reserved"] for it in levels]


async def until_doubled(clicks: DoubleClick, blow: Blow) -> int:
    """Play rounds with a blow until a cart is ordered twice; return how many orders are too many.

    The processes are broken ones, and may be in each other's way for the whole time of a round.
    """
    clicks.within_s, clicks.blows.patience_s, clicks.insists = _ROUND_S, _PATIENCE_S, True
    doubled = 0
    for number in rounds_with(blow):
        try:
            await clicks.play(number)
        except TimeoutError as error:
            clicks.wrong.append(f"round {number} comes to no end: {error!r}")
            for server in clicks.several.servers:
                os.killpg(server.running.pid, signal.SIGCONT)
        doubled = doubles(await clicks.blows.platform.books())
        if doubled:
            break
    return doubled


def doubles(books: Books) -> int:
    """Return how many orders are more than one for a cart."""
    carts = Counter(order.reference for orders in books.orders.values() for order in orders)
    return sum(carts.values()) - len(carts)


def _kind(reply: Reply | None) -> str:
    if reply is None:
        return "no answer"
    told = reply.json()
    return "ordered" if reply.status == 200 else str(told.get("error", told.get("checkoutStatus")))


def _may_ask_again(reply: Reply, *, is_again: bool) -> bool:
    """Tell whether it is no end; who knows of one already (``is_again``) is only ever put off."""
    told = reply.json()
    if reply.status == 202:
        return not is_again and told["checkoutStatus"] in _OPEN
    return told["error"] in _NOT_NOW or (not is_again and told["error"] == _NEVER_MADE)
