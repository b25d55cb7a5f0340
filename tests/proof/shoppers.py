"""Shoppers who fill their carts all the time, and how long each answer took them."""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson

from tests.proof.http_client import Connection

STORE = "north"
ON_HAND = 1_000_000
_SKUS = tuple(f"sku-{number}" for number in range(8))
_KEPT, *_TAKEN_UP = _SKUS
_WINDOW_S = 5.0


@dataclass(slots=True)
class Phase:
    """Some seconds of shopping: when each operation began, and how long it took, in seconds."""

    taken: list[tuple[float, float]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def windows(self) -> list[list[float]]:
        """The times, by windows of some seconds; a last one that is short is left out."""
        began = min(at for at, _ in self.taken)
        by_window: dict[int, list[float]] = {}
        for at, seconds in self.taken:
            by_window.setdefault(int((at - began) / _WINDOW_S), []).append(seconds)
        most = max(map(len, by_window.values()))
        return [times for times in by_window.values() if len(times) > most / 2]


def p99(seconds: Sequence[float]) -> float:
    """Return what the slowest hundredth took at least."""
    return statistics.quantiles(seconds, n=100)[98]


def pooled_p99(phases: Sequence[Phase]) -> float:
    """Return it over all operations of some phases."""
    return p99([seconds for phase in phases for _, seconds in phase.taken])


def median_p99(phases: Sequence[Phase]) -> float:
    """Return the median over the windows of some phases, which a machine's hiccups do not move."""
    return statistics.median(p99(times) for phase in phases for times in phase.windows)


@dataclass(slots=True)
class Shoppers:
    """``users`` carts, shared out among ``workers`` that pause between two operations."""

    port: int
    users: int
    workers: int = 4
    pause_s: float = 0.01
    _visits: list[Iterator[tuple[str, str, str]]] = field(init=False)

    def __post_init__(self) -> None:
        self._visits = [
            _visits(self._names()[number :: self.workers]) for number in range(self.workers)
        ]

    async def open(self) -> None:
        """Let there be products, and one of them in every cart."""
        product = {"name": "thing", "type": "device", "currency": "EUR", "stocked": True}
        async with Connection(self.port) as connection:
            for number, sku in enumerate(_SKUS):
                body = orjson.dumps({**product, "unitPrice": 100 + number})
                assert (await connection.request("PUT", f"/catalog/{sku}", body)).is_success
                stock = b'{"onHand":%d}' % ON_HAND
                path = f"/stores/{STORE}/inventory/{sku}"
                assert (await connection.request("PUT", path, stock)).is_success
        for user in self._names():
            await self.fill(user, _KEPT, _TAKEN_UP[0])

    async def fill(self, user: str, *skus: str) -> None:
        """Put one of each into a user's cart."""
        async with Connection(self.port) as connection:
            for sku in skus:
                reply = await connection.request("POST", f"/carts/{user}/items", _add(sku))
                assert reply.status == 200, reply.body

    async def shop(self, until: asyncio.Event) -> Phase:
        """Shop until told."""
        phase = Phase()
        async with asyncio.TaskGroup() as group:
            for number in range(self.workers):
                group.create_task(self._work(self._visits[number], phase, until))
        return phase

    async def shop_for(self, seconds: float) -> Phase:
        """Shop for so long."""
        until = asyncio.Event()
        asyncio.get_running_loop().call_later(seconds, until.set)
        return await self.shop(until)

    async def _work(
        self, visits: Iterator[tuple[str, str, str]], phase: Phase, until: asyncio.Event
    ) -> None:
        async with Connection(self.port) as connection:
            for user, last, sku in visits:
                items = f"/carts/{user}/items"
                for method, path, body in (
                    ("POST", items, _add(sku)),
                    ("PATCH", f"{items}/{sku}", b'{"qty":3}'),
                    ("GET", f"/carts/{user}", b""),
                    ("DELETE", f"{items}/{last}", b""),
                ):
                    began = time.perf_counter()
                    reply = await connection.request(method, path, body)
                    phase.taken.append((began, time.perf_counter() - began))
                    if reply.status != 200:
                        phase.refused.append(f"{method} {path}: {reply.status} {reply.body!r}")
                    await asyncio.sleep(self.pause_s)
                if until.is_set():
                    return

    async def carts(self) -> list[dict[str, Any]]:
        """Return every cart."""
        async with Connection(self.port) as connection:
            return [await connection.get(f"/carts/{user}") for user in self._names()]

    async def synced(self, poll_s: float = 0.1) -> float:
        """Wait until the platform has every cart as it is; return after how many seconds."""
        began = time.perf_counter()
        waiting = self._names()
        async with Connection(self.port) as connection:
            while waiting:
                cart = await connection.get(f"/carts/{waiting[-1]}")
                if cart["syncStatus"] == "synced":
                    waiting.pop()
                else:
                    await asyncio.sleep(poll_s)
        return time.perf_counter() - began

    def _names(self) -> list[str]:
        return [f"user-{number}" for number in range(self.users)]


@dataclass(slots=True)
class Watch:
    """Looks at readiness while something goes on, and keeps what it sees of the platform."""

    port: int
    states: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def look(self, until: asyncio.Event, every_s: float = 0.05) -> None:
        """Look until told."""
        async with Connection(self.port) as connection:
            while not until.is_set():
                reply = await connection.request("GET", "/health/readiness")
                self.statuses.add(reply.status)
                state = reply.json()["breakers"]["commerce"]
                self.states.add(state)
                if state == "open":
                    self.opened.set()
                with suppress(TimeoutError):
                    await asyncio.wait_for(until.wait(), every_s)


def _visits(users: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield a user, what goes out of the cart and what comes in: nobody is ever back to before."""
    for number in count():
        for user in users:
            yield user, _TAKEN_UP[number % len(_TAKEN_UP)], _TAKEN_UP[(number + 1) % len(_TAKEN_UP)]


def _add(sku: str) -> bytes:
    return orjson.dumps({"sku": sku, "qty": 1, "storeId": STORE})
