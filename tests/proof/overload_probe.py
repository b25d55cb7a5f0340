"""Asks whether the server lives, forty times a second, in a process of its own, until told to end.

By turns on a new connection and on one that is kept; now and then it asks whether it is ready, too.
Run as ``python -m tests.proof.overload_probe PORT``; it ends when its standard input does.
"""

import asyncio
import sys
from collections import Counter
from time import perf_counter

import msgspec
import uvloop

from tests.proof.http_client import Connection
from tests.proof.overload_terms import Spread, spread_of

_EVERY_S = 0.025
_READY_EVERY = 20


class Probed(msgspec.Struct):
    """What the probes saw: times, statuses of readiness, and the reasons that it gave.

    ``deepest`` is the largest depth of the queue that it showed.
    """

    kept: Spread
    fresh: Spread
    faults: int
    readiness: dict[int, int]
    reasons: dict[str, int]
    deepest: int


class Probe:
    """One prober."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._kept: list[float] = []
        self._fresh: list[float] = []
        self._faults = 0
        self._readiness: Counter[int] = Counter()
        self._reasons: Counter[str] = Counter()
        self._deepest = 0

    async def run(self, ended: asyncio.Event) -> Probed:
        """Probe until ``ended``."""
        async with Connection(self._port) as connection:
            turn = 0
            while not ended.is_set():
                turn += 1
                self._kept.append(await self._live(connection))
                began = perf_counter()
                async with Connection(self._port) as fresh:
                    await self._live(fresh)
                self._fresh.append(perf_counter() - began)
                if turn % _READY_EVERY == 0:
                    await self._ready(connection)
                await asyncio.sleep(_EVERY_S)
        return Probed(
            kept=spread_of(self._kept),
            fresh=spread_of(self._fresh),
            faults=self._faults,
            readiness=dict(self._readiness),
            reasons=dict(self._reasons),
            deepest=self._deepest,
        )

    async def _live(self, connection: Connection) -> float:
        began = perf_counter()
        reply = await connection.request("GET", "/health/liveness")
        self._faults += reply.status != 200
        return perf_counter() - began

    async def _ready(self, connection: Connection) -> None:
        reply = await connection.request("GET", "/health/readiness")
        told = reply.json()
        self._readiness[reply.status] += 1
        self._reasons.update(told["reasons"])
        self._deepest = max(self._deepest, told["queueDepth"])


async def _main() -> Probed:
    ended = asyncio.Event()
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def wait() -> None:
        await reader.read()
        ended.set()

    async with asyncio.TaskGroup() as group:
        group.create_task(wait())
        probed = group.create_task(Probe(int(sys.argv[1])).run(ended))
    return probed.result()


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_main())))
