"""The network to the database breaks, one way or both: every answer comes in time, and it heals."""

import asyncio
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import takewhile

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import adjust, path_of
from tests.proof.figures import Figures
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger
from tests.proof.patient import Patient
from tests.proof.several import Several
from tests.proof.shop import Shop
from tests.proof.workload import Workload
from tests.real.proxy import Proxy, proxy_to
from tests.real.steady import steady_time

_CLIENTS = 16
_READERS = 4
_PROBE_EVERY_S = 0.1
_READ_EVERY_S = 0.05
_BEFORE_S = 1.0
_ANSWERED_WITHIN_S = 12.0
_ALIVE_WITHIN_S = 2.0
_FAST_S = 0.5
_WAYS = {
    "both ways": {"to_server": True, "to_client": True},
    "to the server": {"to_server": True, "to_client": False},
    "replies": {"to_server": False, "to_client": True},
}
_OPENS_AT_LAST_S = 60.0
_LONG = (15.0, "5", 1)
_PARTITIONS = [
    ("both ways", 8.0, "1", 4),
    *(
        pytest.param(way, *_LONG, marks=[pytest.mark.prove, pytest.mark.timeout(300)])
        for way in _WAYS
    ),
]


@dataclass
class Partition:
    """A part of the time without a network, seen by those who change, read and probe.

    ``alive_s`` has how long liveness took; ``open_s`` is how long after its begin the last of the
    breakers was open, ``healed_s`` how long after its end every process had carried out a change.
    All are of the last time that it was played.
    """

    several: Several
    proxy: Proxy
    crowd: Patient
    workload: Workload
    alive_s: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    open_s: float = 0.0
    healed_s: float = 0.0
    played: int = 0

    async def open(self) -> None:
        """Count in what is changed."""
        self.crowd.learn = self.workload.learn
        await self.crowd.run(self.workload.opening(), _CLIENTS)

    async def play(self, way: dict[str, bool], length_s: float, opens_s: float) -> None:
        """Break the network for a while, under load; the breakers open within ``opens_s``."""
        self.played += 1
        self.alive_s.clear()
        self.crowd.took.clear()
        over = asyncio.Event()
        made = takewhile(lambda _: not over.is_set(), iter(self.workload.next, None))
        async with asyncio.TaskGroup() as group:
            for server in self.several.servers:
                group.create_task(self._probe(server.port, over))
            for _ in range(_READERS):
                group.create_task(self._read(over))

            async def suffer() -> None:
                await asyncio.sleep(_BEFORE_S)
                self.began = steady_time()
                self.proxy.black_hole(**way)
                await asyncio.gather(asyncio.sleep(length_s), self._all_open(opens_s))
                self.ended = steady_time()
                self.proxy.heal()
                await self._healed()
                over.set()

            await self.crowd.run(made, _CLIENTS, suffer)

    async def _all_open(self, within_s: float) -> None:
        for server in self.several.servers:
            while steady_time() - self.began < within_s:
                async with Connection(server.port) as connection:
                    told = (await connection.request("GET", "/health/readiness")).json()
                if told["breakers"]["database"] != "closed":
                    self.open_s = steady_time() - self.began
                    break
                await asyncio.sleep(_PROBE_EVERY_S)
            else:
                raise AssertionError("a breaker is not open, in the middle of a partition")

    async def _probe(self, port: int, over: asyncio.Event) -> None:
        """Ask one process whether it is alive, again and again."""
        async with Connection(port) as connection:
            while not over.is_set():
                began = steady_time()
                reply = await connection.request("GET", "/health/liveness")
                self.alive_s.append(steady_time() - began)
                assert reply.status == 200
                await asyncio.sleep(_PROBE_EVERY_S)

    async def _read(self, over: asyncio.Event) -> None:
        while not over.is_set():
            began = steady_time()
            async with Connection(self.several.port) as connection:
                reply = await connection.request("GET", path_of("sku-1"))
            ended = steady_time()
            self.crowd.took.append((ended, ended - began, reply.status))
            assert reply.status in {200, 503}
            await asyncio.sleep(_READ_EVERY_S)

    async def _healed(self) -> None:
        async def ask(place: int) -> None:
            port = self.several.servers[place].port
            crowd = Patient(lambda: port, self.crowd.ledger, self.crowd.dice)
            await crowd.settle(adjust(f"healed-{self.played}-{place}", 1, "sku-1"))

        await asyncio.gather(*(ask(place) for place in range(len(self.several.servers))))
        self.healed_s = steady_time() - self.ended

    def fast_s(self) -> list[float]:
        """Return how long those answers took that were asked for while the breakers were open."""
        since = self.began + self.open_s
        return sorted(
            took_s
            for ended, took_s, _ in self.crowd.took
            if since <= ended - took_s and ended <= self.ended
        )

    def late(self, length_s: float) -> list[str]:
        """Return what came too late."""
        fast = self.fast_s()
        bounds = {
            "an open breaker": (self.open_s, length_s),
            "an answer while they are open": (fast[len(fast) // 2] if fast else 0.0, _FAST_S),
            "an answer": (self.crowd.longest_s, _ANSWERED_WITHIN_S),
            "liveness": (max(self.alive_s), _ALIVE_WITHIN_S),
        }
        return [f"{it} took {took:.1f} s" for it, (took, most) in bounds.items() if took >= most]


@contextmanager
def _partitioned(
    shop: Shop, seed: int, threshold: str, tooth: str | None = None
) -> Iterator[Partition]:
    dice = random.Random(seed)
    with proxy_to(shop.cluster.port) as proxy:
        through = replace(shop, url=proxy.url(shop.database))
        several = through.several(dice, 3, (tooth,) * 3, BREAKER_THRESHOLD=threshold)
        several.begin()
        crowd = Patient(lambda: several.port, Ledger(), dice, within_s=300)
        partition = Partition(several, proxy, crowd, Workload(dice))
        asyncio.run(partition.open())
        yield partition
        assert several.end() == [0] * 3


@pytest.mark.parametrize(("way", "length_s", "threshold", "tries"), _PARTITIONS)
def test_in_a_partition_everybody_is_answered_in_time_and_it_heals(
    shop: Shop, figures: Figures, way: str, length_s: float, threshold: str, tries: int
) -> None:
    """Who is late may only have stood still: the short one may try again, the long ones may not."""
    with _partitioned(shop, round(length_s), threshold) as partition:
        late = ["not played"]
        while late and partition.played < tries:
            asyncio.run(partition.play(_WAYS[way], length_s, _OPENS_AT_LAST_S))
            late = partition.late(length_s)
        crowd = partition.crowd
        verdict = asyncio.run(Audit().judge(partition.several.port, crowd.ledger))
    assert crowd.faults == []
    verdict.require_clean()
    shop.require_sound()
    assert late == []
    fast = partition.fast_s()
    figures.add(
        "in a partition every answer comes in time, and it heals by itself",
        f"no bytes pass, {way}, {length_s:g} s, under {_CLIENTS} writers and {_READERS} readers of "
        "3 processes",
        f"{verdict}; longest answer {crowd.longest_s:.1f} s (allowed {_ANSWERED_WITHIN_S:g}); "
        f"breakers open after {partition.open_s:.1f} s, from then on answers in "
        f"{fast[len(fast) // 2] * 1000:.0f} ms (median of {len(fast):,}); liveness at most "
        f"{max(partition.alive_s) * 1000:.0f} ms; healed after {partition.healed_s:.1f} s; "
        f"told: {crowd.listed()}",
    )


def test_the_proof_catches_processes_that_wait_for_a_connection_for_ever(
    newest_shop: Shop, figures: Figures
) -> None:
    with (
        pytest.raises(BaseExceptionGroup) as caught,
        _partitioned(newest_shop, 1, "1", "patient-with-the-database") as partition,
    ):
        asyncio.run(partition.play(_WAYS["both ways"], 4.0, 4.0))
    told = str(_first(caught.value))
    assert "not open" in told
    figures.add("tooth: patient-with-the-database", "both ways, 4 s", told)


def _first(error: BaseException) -> BaseException:
    """Return the first error that is no group of errors."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
