"""What many clients saw of a few SKUs, with times: the material of a linearizability check."""

import asyncio
import contextlib
import random
import time
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.level_specification import (
    Answer,
    LevelRequest,
    LevelSpecification,
    LevelState,
    Verb,
    answer_of,
)
from tests.proof.linearizability import Call, Search
from tests.proof.server import Server

LevelCall: TypeAlias = Call[LevelRequest, Answer]
_STORE = "/stores/north/inventory"
_OPENED: LevelState = (200, 0, 1)
_VERBS: tuple[Verb, ...] = ("adjust",) * 6 + ("reserve",) * 3 + ("count",) * 3 + ("read",) * 6


@dataclass(slots=True)
class History:
    """Records calls while the server is killed and started again.

    ``unknown`` counts the calls whose outcome no client ever learnt.
    """

    server: Server
    skus: tuple[str, ...]
    clients: int
    operations: int
    dice: random.Random
    calls: dict[str, list[LevelCall]] = field(default_factory=dict)
    done: int = 0
    unknown: int = 0
    _up: asyncio.Event = field(default_factory=asyncio.Event)

    async def record(self, kills: int) -> None:
        """Run all clients to their end; kill and restart the server ``kills`` times meanwhile."""
        self.calls = {sku: [] for sku in self.skus}
        async with Connection(self.server.port) as connection:
            for sku in self.skus:
                body = orjson.dumps({"onHand": _OPENED[0]})
                reply = await connection.request("PUT", f"{_STORE}/{sku}", body)
                assert reply.status == 201
        self._up.set()
        async with asyncio.TaskGroup() as group:
            for number in range(self.clients):
                group.create_task(self._client(number))
            for number in range(1, kills + 1):
                await self._reach(self.clients * self.operations * number // (kills + 1))
                self._up.clear()
                self.server.kill()
                await asyncio.to_thread(self.server.start)
                self._up.set()

    async def _reach(self, done: int) -> None:
        while self.done < done:  # noqa: ASYNC110 - the clients have no need for an event
            await asyncio.sleep(0.001)

    async def _client(self, number: int) -> None:
        """Make this client's calls, over as many connections as it takes."""
        seen: dict[str, Answer] = {}
        left = [f"c{number}-{index}" for index in range(self.operations)]
        while left:
            await self._up.wait()
            try:
                async with Connection(self.server.port) as connection:
                    while left:
                        await self._call(connection, left.pop(), seen)
            except Unanswered:
                await asyncio.sleep(0.001)

    async def _call(self, connection: Connection, key: str, seen: dict[str, Answer]) -> None:
        """Make one call; an unanswered one is repeated under its key, or left open: by chance."""
        sku = self.dice.choice(self.skus)
        request = self._request(seen.get(sku, ("done", *_OPENED)))
        invoked = time.monotonic_ns()
        answer = await _try_to_send(connection, sku, request, key)
        is_cut_off = answer is None
        if is_cut_off and self.dice.random() < 0.5:
            answer = await self._insist(sku, request, key)
        self.calls[sku].append(Call(request, invoked, time.monotonic_ns(), answer))
        self.done += 1
        if answer is None:
            self.unknown += 1
        else:
            seen[sku] = answer
        if is_cut_off:
            raise Unanswered

    async def _insist(self, sku: str, request: LevelRequest, key: str) -> Answer:
        while True:
            await self._up.wait()
            with contextlib.suppress(Unanswered):
                async with Connection(self.server.port) as connection:
                    answer = await _try_to_send(connection, sku, request, key)
                    if answer is not None:
                        return answer
            await asyncio.sleep(0.001)

    def _request(self, seen: Answer) -> LevelRequest:
        """Ask for something that makes sense after what this client has seen."""
        verb = self.dice.choice(_VERBS)
        expected = seen[3] if self.dice.random() < 0.3 else None
        match verb:
            case "adjust":
                return LevelRequest(verb, self.dice.choice((-9, -2, 1, 3, 8)), expected)
            case "reserve":
                return LevelRequest(verb, self.dice.randint(1, 4), expected)
            case "count":
                return LevelRequest(verb, max(0, seen[1] + self.dice.randint(-20, 60)), seen[3])
            case "read":
                return LevelRequest(verb)

    def violations(self) -> list[str]:
        """Return the SKUs whose calls no order explains, each with how far one got."""
        found = []
        for sku, calls in self.calls.items():
            search = Search(calls, LevelSpecification())
            if not search.find_order(_OPENED):
                found.append(f"{sku}: {search.longest} of {len(search.answered)} calls explained")
        return found


async def _try_to_send(
    connection: Connection, sku: str, request: LevelRequest, key: str
) -> Answer | None:
    """Return what the client learnt, which may be nothing."""
    try:
        return answer_of(await _send(connection, sku, request, key))
    except Unanswered:
        return None


async def _send(connection: Connection, sku: str, request: LevelRequest, key: str) -> Reply:
    path = f"{_STORE}/{sku}"
    if request.verb == "read":
        return await connection.request("GET", path)
    named = {"adjust": "delta", "reserve": "qty", "count": "onHand"}[request.verb]
    body = {named: request.amount}
    if request.expected_version is not None:
        body["expectedVersion"] = request.expected_version
    if request.verb == "count":
        return await connection.request("PUT", path, orjson.dumps(body), key)
    return await connection.request("POST", f"{path}/{request.verb}", orjson.dumps(body), key)
