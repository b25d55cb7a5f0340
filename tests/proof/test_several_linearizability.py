"""Each SKU is linearizable over several processes, whichever a client reads at, and with kills."""

import asyncio
import random
from contextlib import suppress
from typing import cast

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.history import History
from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.level_specification import Answer
from tests.proof.server import Server
from tests.proof.several import Several

_CLIENTS = 24
_CALLS_A_CONNECTION = 4
_PAUSE_S = 0.02
_AGAIN_S = 0.002
_PAUSED_S = 0.6
_TRIES = 10_000
_ATTEMPTS = 40
_REFUSED = {"LockHeld", "LockLost"}
_SIZES = [
    (30, 1),
    pytest.param(300, 12, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
]


class WideHistory(History):
    """What clients saw that go from process to process. ``server`` is any of them.

    ``held`` counts how often a call was made again because of a lease that was held.
    """

    held: int = 0

    async def _client(self, number: int) -> None:
        seen: dict[str, Answer] = {}
        left = [f"c{number}-{index}" for index in range(self.operations)]
        while left:
            with suppress(Unanswered):
                async with Insisting(self.server.port, self) as connection:
                    for _ in range(min(len(left), self.dice.randint(1, _CALLS_A_CONNECTION))):
                        await self._call(connection, left.pop(), seen)
            await asyncio.sleep(_AGAIN_S)


class Insisting(Connection):
    """One that asks again when a lease is held: nothing was changed, so that is no outcome."""

    def __init__(self, port: int, history: WideHistory) -> None:
        super().__init__(port)
        self._history = history

    async def request(
        self, method: str, path: str, body: bytes = b"", key: str | None = None
    ) -> Reply:
        """Send one request until it is carried out, or refused for good."""
        for _ in range(_TRIES):
            reply = await super().request(method, path, body, key)
            if reply.status != 503 or reply.json()["error"] not in _REFUSED:
                return reply
            self._history.held += 1
            await asyncio.sleep(self._history.dice.random() * _PAUSE_S)
        raise AssertionError(f"{method} {path} is never carried out")


def _begun(
    make_server: Fleet, dice: random.Random, count: int, teeth: tuple[str, ...] = ()
) -> Several:
    several = Several(make_server, dice, count, teeth, LOCK_TTL_MS="400", LOCK_RENEW_MS="200")
    several.begin()
    return several


@pytest.mark.parametrize(("operations", "kills"), _SIZES)
def test_one_order_of_all_calls_explains_what_clients_saw_of_four_processes(
    make_server: Fleet, figures: Figures, operations: int, kills: int
) -> None:
    dice = random.Random(operations)
    several = _begun(make_server, dice, 4)
    skus = tuple(f"sku-{number}" for number in range(8))
    history = WideHistory(cast("Server", several), skus, _CLIENTS, operations, dice)

    async def record() -> int:
        pauses = 0
        async with asyncio.timeout(300 + operations), asyncio.TaskGroup() as group:
            recording = group.create_task(history.record(kills))
            while not recording.done():
                await several.pause(_PAUSED_S)
                await asyncio.sleep(dice.random() * _PAUSED_S)
                pauses += 1
        return pauses

    pauses = asyncio.run(record())
    assert history.done == _CLIENTS * operations
    assert history.violations() == []
    assert several.end() == [0] * 4
    figures.add(
        "each SKU is linearizable over several processes",
        f"{_CLIENTS} clients × {operations} operations on 8 SKUs, at any of 4 processes, "
        f"{kills} kills, {pauses} pauses past the TTL or shorter",
        f"{history.done:,} operations, {history.unknown} of unknown outcome, violations 0; "
        f"asked again because of LockHeld {history.held:,}",
    )


@pytest.mark.parametrize("tooth", ["deaf-reads", "reads-of-the-overlay"])
def test_the_proof_catches_reads_that_say_too_little_or_too_much(
    make_server: Fleet, figures: Figures, tooth: str
) -> None:
    dice = random.Random(5)
    several = _begun(make_server, dice, 2, (tooth,))
    violations: list[str] = []
    for number in range(_ATTEMPTS):
        history = WideHistory(cast("Server", several), (f"hot-{number}",), _CLIENTS, 40, dice)
        asyncio.run(history.record(0))
        violations = history.violations()
        if violations:
            break
    assert violations
    figures.add(f"tooth: {tooth}", "1 of 2 processes, no kills, one SKU", violations[0])
