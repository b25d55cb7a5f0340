"""Clients of several processes: they ask any of them, again and again, until they are told.

A refusal that asks to try again is taken at its word, and at another process. So is a lost answer:
with the same key, under which it is the same operation.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.ledger import Effect, Ledger, Operation

_WITHIN_S = 400.0
_PAUSE_S = 0.02
_PATIENCE = 20_000
TRY_AGAIN = frozenset({"LockHeld", "LockLost", "Overloaded", "ShuttingDown", "ReadOnly"})


def opening(units: int, sku: str = "hot") -> Operation:
    """Return the count that opens a SKU."""
    marker, effects = f"opening-{sku}", (Effect("north", sku, units, 0),)
    body = {"onHand": units, "reason": marker}
    return Operation(f"key-{marker}", "PUT", path_of(sku), body, marker, effects)


def adjust(marker: str, delta: int, sku: str = "hot", version: int | None = None) -> Operation:
    """Return a change of a SKU, which expects ``version`` if that is given."""
    body: dict[str, int | str] = {"delta": delta, "reference": marker}
    if version is not None:
        body["expectedVersion"] = version
    effects = (Effect("north", sku, delta, 0),)
    return Operation(f"key-{marker}", "POST", f"{path_of(sku)}/adjust", body, marker, effects)


def path_of(sku: str) -> str:
    """Return where a SKU is read."""
    return f"/stores/north/inventory/{sku}"


async def nothing() -> None:
    """Let the clients be."""


def _forget(operation: Operation) -> None:
    """Learn nothing."""


@dataclass(slots=True)
class Crowd:
    """Clients that share a ledger. ``port`` tells where to ask next.

    ``told`` counts the answers by what they said, ``lost`` those that did not come; ``faults`` are
    answers that no client should get, in words. ``patience`` is how often one asks at most,
    ``within_s`` is for a whole run. ``learn`` is told of what is acknowledged. ``try_again`` names
    the 503s that a client may get.
    """

    port: Callable[[], int]
    ledger: Ledger
    dice: random.Random
    told: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    patience: int = _PATIENCE
    within_s: float = _WITHIN_S
    learn: Callable[[Operation], None] = _forget
    try_again: frozenset[str] = TRY_AGAIN
    faults: list[str] = field(default_factory=list)

    async def run(
        self,
        operations: Iterable[Operation],
        clients: int,
        meanwhile: Callable[[], Awaitable[None]] = nothing,
    ) -> None:
        """Have all of ``operations`` settled; ``meanwhile`` runs beside them."""
        shared = iter(operations)
        async with asyncio.timeout(self.within_s), asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._settle_all(shared))
            await meanwhile()

    async def reach(self, acknowledged: int) -> None:
        """Return when so many operations are acknowledged, since the first one."""
        while self.ledger.acknowledged < acknowledged:  # noqa: ASYNC110 - clients send no events
            await asyncio.sleep(0.001)

    async def _settle_all(self, operations: Iterator[Operation]) -> None:
        for operation in operations:
            await self.settle(operation)

    async def settle(self, operation: Operation) -> None:
        """Send an operation until it is known what became of it."""
        for _ in range(self.patience):
            try:
                async with Connection(self.port()) as connection:
                    await self.send(connection, operation)
            except Unanswered:
                self.lost += 1
            if operation.is_acknowledged:
                self.learn(operation)
            if not operation.is_unanswered:
                return
            await asyncio.sleep(self.dice.random() * _PAUSE_S)
        self.faults.append(f"{operation.marker} is never settled: {said(operation.reply)}")

    async def send(self, connection: Connection, operation: Operation) -> None:
        """Send an operation once, and look at the answer. Raises :class:`Unanswered`."""
        self.ledger.submit(operation)
        reply = await connection.request(
            operation.method, operation.path, operation.encoded(), operation.key
        )
        self.ledger.settle(operation, reply)
        self._look_at(operation, reply)

    def _look_at(self, operation: Operation, reply: Reply) -> None:
        if reply.is_success:
            self.told["done"] += 1
            return
        error = reply.json()["error"]
        self.told[error] += 1
        if reply.status < 500:
            return
        if reply.status != 503 or error not in self.try_again:
            self.faults.append(f"{operation.marker} got {reply.status} {error}")
        after = reply.headers.get("retry-after", "")
        if not after.isdecimal() or not int(after):
            self.faults.append(f"{operation.marker} got {error} and Retry-After: {after!r}")
        if error == "LockHeld" and not self._names_its_key(operation, reply):
            self.faults.append(f"{operation.marker} was refused for {reply.headers}")

    def _names_its_key(self, operation: Operation, reply: Reply) -> bool:
        """Tell whether the key whose lease is held is one that the operation is about."""
        named = tuple(reply.headers.get("x-lock-key", "").split("/"))
        return named in {(effect.store_id, effect.sku) for effect in operation.effects}


async def try_to_read(port: int, path: str) -> Reply | None:
    """Return the answer to a read; None when nobody answers."""
    with suppress(Unanswered):
        async with Connection(port) as connection:
            return await connection.request("GET", path)
    return None


def said(reply: Reply | None) -> str:
    """Return an answer in a few words."""
    if reply is None:
        return "nothing"
    return f"{reply.status} {reply.json().get('error', '')}".rstrip()
