"""The same key at four processes at once: it happens once, and all are told the same."""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import adjust, opening
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.ledger import Ledger, Operation
from tests.proof.logbook import read_records
from tests.proof.several import Several

_SKUS = 5
_AT_ONCE = 8
_KEYS = [
    (40, 1),
    pytest.param(200, 0, marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
    pytest.param(200, 6, marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
]
_TRY_AGAIN = {"LockHeld", "LockLost", "IdempotencyInFlight", "Overloaded", "ShuttingDown"}
_TRIES = 20_000
_PAUSE_S = 0.02


@dataclass
class Keys:
    """Operations that are each sent to all processes at once, then until each has answered.

    ``told`` counts the answers to the first time, ``wrong`` says which were none of those allowed.
    """

    several: Several
    ledger: Ledger = field(default_factory=Ledger)
    told: Counter[str] = field(default_factory=Counter)
    done: int = 0
    wrong: list[str] = field(default_factory=list)

    async def play(self, keys: int, kills: int) -> None:
        """Send ``keys`` operations; kill one process and start it again ``kills`` times."""
        for number in range(_SKUS):
            await self._everywhere(opening(1_000, f"sku-{number}"))
        self.told.clear()
        made = (
            adjust(f"change-{it}", self.several.dice.randint(-3, 3) or 1, f"sku-{it % _SKUS}")
            for it in range(keys)
        )
        async with asyncio.timeout(400 + keys), asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._all(made))
            for kill in range(1, kills + 1):
                await self._reach(keys * kill // (kills + 1))
                self.several.kill()
                await asyncio.to_thread(self.several.start)

    async def _reach(self, done: int) -> None:
        while self.done < done:  # noqa: ASYNC110 - the clients have no need for an event
            await asyncio.sleep(0.001)
        await asyncio.sleep(self.several.dice.random() * _PAUSE_S)

    async def _all(self, made: Iterator[Operation]) -> None:
        for operation in made:
            await self._everywhere(operation)
            self.done += 1

    async def _everywhere(self, operation: Operation) -> None:
        """Send it to all at once; ask each again that did not say what became of it."""
        places = range(len(self.several.servers))
        first = await asyncio.gather(*(self._send(operation, place) for place in places))
        settled = []
        for place, reply in zip(places, first, strict=True):
            self.told[_kind(reply)] += 1
            settled.append(await self._settled(operation, place, reply))
            again = await self._settled(operation, place, None)
            if not again.is_replay or again.body != settled[-1].body:
                self.wrong.append(f"{operation.marker} is answered anew: {again}")
        bodies = {reply.body for reply in settled}
        if len(bodies) > 1:
            self.wrong.append(f"{operation.marker} has several answers: {bodies}")
        self.ledger.submit(operation)
        self.ledger.settle(operation, settled[0])

    async def _settled(self, operation: Operation, place: int, reply: Reply | None) -> Reply:
        """Ask one process until it has an answer."""
        for _ in range(_TRIES):
            if reply is not None and reply.is_success:
                return reply
            if reply is not None and not self._says_try_again(reply):
                self.wrong.append(f"{operation.marker} got {_kind(reply)}")
            await asyncio.sleep(self.several.dice.random() * _PAUSE_S)
            reply = await self._send(operation, place)
        raise AssertionError(f"{operation.marker} is never settled: {reply}")

    def _says_try_again(self, reply: Reply) -> bool:
        has_time = int(reply.headers.get("retry-after", "0")) > 0
        return has_time and reply.status in {409, 503} and reply.json()["error"] in _TRY_AGAIN

    async def _send(self, operation: Operation, place: int) -> Reply | None:
        try:
            async with Connection(self.several.servers[place].port) as connection:
                return await connection.request(
                    operation.method, operation.path, operation.encoded(), operation.key
                )
        except Unanswered:
            return None

    def executions(self) -> Counter[str]:
        """Return how often the log holds each operation, by its marker."""
        events = [event for it in self._records() for event in it["events"]]
        return Counter(event["reference"] for event in events if event.get("reference"))

    def _records(self) -> list[dict[str, Any]]:
        return read_records(self.several.data_dir)


def _kind(reply: Reply | None) -> str:
    if reply is None:
        return "no answer"
    return "done" if reply.is_success else str(reply.json()["error"])


def _listed(told: Counter[str]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(told.items()))


@pytest.mark.parametrize(("number", "kills"), _KEYS)
def test_a_key_that_four_processes_get_at_once_is_carried_out_once(
    make_server: Fleet, figures: Figures, number: int, kills: int
) -> None:
    several = Several(make_server, random.Random(number), LOCK_TTL_MS="400", LOCK_RENEW_MS="200")
    several.begin()
    keys = Keys(several)
    asyncio.run(keys.play(number, kills))
    assert keys.wrong == []
    assert keys.executions() == {f"change-{it}": 1 for it in range(number)}
    asyncio.run(Audit().judge(several.port, keys.ledger)).require_clean()
    assert several.end() == [0] * 4
    figures.add(
        "the same key executes once, whichever processes get it",
        f"{number} keys, each to 4 processes at once, kills: {kills}",
        f"executions 1 each, doubles 0; at first: {_listed(keys.told)}",
    )


def test_the_proof_catches_processes_that_know_their_own_keys_only(
    make_server: Fleet, figures: Figures
) -> None:
    several = Several(make_server, random.Random(1), 2, ("own-keys-only",) * 2)
    several.begin()
    keys = Keys(several)
    asyncio.run(keys.play(10, 0))
    doubles = sum(count > 1 for count in keys.executions().values())
    assert doubles > 0
    assert keys.wrong
    figures.add("tooth: own-keys-only", "10 keys, 2 processes", f"executed twice {doubles}")
