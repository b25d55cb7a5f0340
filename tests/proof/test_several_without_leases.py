"""The lock directory fails in the middle of a run: everything goes on, safely, and says so."""

import asyncio
import random
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import Crowd
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger
from tests.proof.several import Several
from tests.proof.shut_directory import FileInItsPlace, ReadOnlyDirectory, why_not_read_only
from tests.proof.workload import Workload

_CLIENTS = 16
_FALLBACKS = "surestock_lock_fallbacks_total"
_CHANGES = [150, pytest.param(2_000, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
_WITHIN_S = 200
_SETTINGS = {
    "LOCK_TTL_MS": "400",
    "LOCK_RENEW_MS": "200",
    "BREAKER_COOLDOWN_MS": "300",
    "BREAKER_THRESHOLD": "3",
}


@dataclass
class Outage:
    """A run in which ``directory``, where the leases stand, is shut for a while.

    ``while_shut`` and ``afterwards`` are what each process said of itself.
    """

    several: Several
    directory: ReadOnlyDirectory | FileInItsPlace
    crowd: Crowd
    while_shut: list[dict[str, Any]] = field(default_factory=list)
    afterwards: list[dict[str, Any]] = field(default_factory=list)
    fallbacks: float = 0
    accepted_while_shut: int = 0

    async def play(self, changes: int) -> None:
        """Have ``changes`` accepted before it is shut, meanwhile, and afterwards."""
        workload = Workload(self.crowd.dice)
        self.crowd.learn = workload.learn
        await self.crowd.run(workload.opening(), _CLIENTS)
        over = asyncio.Event()
        ledger = self.crowd.ledger

        async def break_and_heal() -> None:
            await self.crowd.reach(ledger.acknowledged + changes)
            self.directory.shut()
            before = ledger.acknowledged
            try:
                await self.crowd.reach(before + changes)
                self.while_shut = await self._all_say("open")
            finally:
                self.directory.open()
            self.accepted_while_shut = ledger.acknowledged - before
            self.afterwards = await self._all_say("closed")
            await self.crowd.reach(ledger.acknowledged + changes)
            over.set()

        made = takewhile(lambda _: not over.is_set(), iter(workload.next, None))
        await self.crowd.run(made, _CLIENTS, break_and_heal)
        self.fallbacks = sum([await self._fallbacks(it.port) for it in self.several.servers])

    async def _all_say(self, state: str) -> list[dict[str, Any]]:
        """Return the readiness of each process, once each says so of the breaker."""
        said = []
        async with asyncio.timeout(_WITHIN_S):
            for server in self.several.servers:
                async with Connection(server.port) as connection:
                    readiness = await connection.get("/health/readiness")
                    while (readiness["breakers"]["locks"] == "closed") is not (state == "closed"):
                        await asyncio.sleep(0.01)
                        readiness = await connection.get("/health/readiness")
                said.append(readiness)
        return said

    async def _fallbacks(self, port: int) -> float:
        async with Connection(port) as connection:
            lines = (await connection.request("GET", "/metrics")).body.decode().splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith(_FALLBACKS))


@pytest.fixture(params=["read-only", "a file in its place"])
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> ReadOnlyDirectory | FileInItsPlace:
    """Return the lock directory, which can be shut."""
    locks = tmp_path / "data" / "locks"
    if request.param == "a file in its place":
        return FileInItsPlace(locks)
    why = why_not_read_only(tmp_path / "tried")
    if why is not None:
        pytest.skip(why)
    return ReadOnlyDirectory(locks)


def _outage(
    make_server: Fleet, directory: ReadOnlyDirectory | FileInItsPlace, *teeth: str
) -> Outage:
    dice = random.Random(13)
    several = Several(make_server, dice, 3, teeth, **_SETTINGS)
    several.begin()
    return Outage(several, directory, Crowd(lambda: several.port, Ledger(), dice))


@pytest.mark.parametrize("changes", _CHANGES)
def test_a_lock_directory_that_fails_takes_nothing_away_but_the_leases(
    make_server: Fleet,
    directory: ReadOnlyDirectory | FileInItsPlace,
    figures: Figures,
    changes: int,
) -> None:
    outage = _outage(make_server, directory)
    outage.crowd.within_s = 400 + changes / 5
    asyncio.run(outage.play(changes))
    assert outage.crowd.faults == []
    for said in outage.while_shut:
        assert (said["ready"], said["mode"], len(said["warnings"])) == (True, "read_write", 1)
        assert "lock directory" in said["warnings"][0]
    assert [said["warnings"] for said in outage.afterwards] == [[]] * 3
    assert outage.fallbacks > 0
    verdict = asyncio.run(Audit().judge(outage.several.port, outage.crowd.ledger))
    verdict.require_clean()
    assert outage.several.end() == [0] * 3
    figures.add(
        "a lock directory that fails takes nothing away but the leases",
        f"{type(directory).__name__} in the middle of a run of 3 processes",
        f"{verdict}, accepted without leases {outage.accepted_while_shut:,} "
        f"(fallbacks {outage.fallbacks:,.0f}), 500 0, warned of by all, healed by itself",
    )


def test_the_proof_catches_a_process_that_is_helpless_without_leases(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    directory = FileInItsPlace(tmp_path / "data" / "locks")
    outage = _outage(make_server, directory, "helpless-without-leases")
    asyncio.run(outage.play(60))
    assert outage.crowd.faults
    figures.add("tooth: helpless-without-leases", "the same", outage.crowd.faults[0])
