"""Many changes of one SKU, at four processes of which one is killed: the number is right."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import Crowd, adjust, opening, path_of, said, try_to_read
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.ledger import Ledger, Operation
from tests.proof.logbook import fold, read_records
from tests.proof.several import Several

_PATH = path_of("hot")
_OPENED = 10_000
_ADJUSTS = 200
_RACERS = 24
_TRIES = 30
_ROUNDS = [2, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@dataclass
class Rounds:
    """Rounds of adjusts, and of races for one version, on one SKU of several processes.

    ``with_kills`` tells to kill one process in each, and start it again.
    """

    several: Several
    crowd: Crowd
    with_kills: bool = True
    wrong: list[str] = field(default_factory=list)

    async def play(self, number: int) -> None:
        """Change it by 200 adjusts, then let many want one version; kill in one or the other."""
        in_the_race = bool(number % 2)
        adjusts = [self._adjust(f"round-{number}-{it}") for it in range(_ADJUSTS)]
        await self._run(adjusts, with_a_kill=self.with_kills and not in_the_race)
        level = await try_to_read(self.several.port, _PATH)
        if level is None or level.status != 200:
            self.wrong.append(f"a process says {said(level)}")
            return
        version = level.json()["version"]
        racers = [self._adjust(f"race-{number}-{it}", version) for it in range(_RACERS)]
        await self._run(racers, with_a_kill=self.with_kills and in_the_race)
        winners = sum(racer.is_acknowledged for racer in racers)
        if winners != 1:
            self.wrong.append(f"{winners} won the race for version {version}")

    async def _run(self, operations: list[Operation], *, with_a_kill: bool) -> None:
        before = self.crowd.ledger.acknowledged
        share = len(operations) // 2 if len(operations) == _ADJUSTS else 0

        async def kill_one() -> None:
            if with_a_kill:
                await self.crowd.reach(before + self.several.dice.randint(0, share))
                self.several.kill()
                await asyncio.to_thread(self.several.start)

        await self.crowd.run(operations, len(operations), kill_one)

    def _adjust(self, marker: str, version: int | None = None) -> Operation:
        return adjust(marker, self.several.dice.choice((-3, -2, -1, 1, 2)), version=version)

    def judge(self) -> None:
        """Compare the answers with each other, with what is served everywhere, and the log."""
        told = sorted(
            (each.sequence, each.reply.json()["version"], each.reply.json()["onHand"])
            for each in self.crowd.ledger.operations.values()
            if each.is_acknowledged and each.reply is not None
        )
        versions = [version for _, version, _ in told]
        if versions != list(range(1, len(told) + 1)):
            twice = [version for version, count in Counter(versions).items() if count > 1]
            self.wrong.append(f"versions are not 1 to {len(told)}; {len(twice)} told twice")
        (expected,) = self.crowd.ledger.expected_levels().values()
        for server in self.several.servers:
            level = asyncio.run(try_to_read(server.port, _PATH))
            if level is None or level.status != 200:
                self.wrong.append(f"a process says {said(level)}")
            elif (level.json()["onHand"], level.json()["version"]) != (expected[0], len(told)):
                self.wrong.append(f"{level.json()} is served, {expected[0]} was accepted")
        if self.wrong:
            return
        verdict = asyncio.run(Audit().judge(self.several.port, self.crowd.ledger))
        self.wrong += verdict.faults
        books = fold(self._records())
        numbers = books.levels["north", "hot"].numbers()
        if numbers != (expected[0], 0, len(told)):
            self.wrong.append(f"the log says {numbers}, {expected[0]} was accepted")

    def _records(self) -> list[dict[str, Any]]:
        return read_records(self.several.data_dir)


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_what_four_processes_accept_adds_up_whichever_of_them_is_killed(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    dice = random.Random(rounds)
    several = Several(make_server, dice, LOCK_TTL_MS="400", LOCK_RENEW_MS="200")
    several.begin()
    crowd = Crowd(lambda: several.port, Ledger(), dice)
    played = Rounds(several, crowd)
    asyncio.run(crowd.settle(opening(_OPENED)))
    for number in range(rounds):
        asyncio.run(played.play(number))
    played.judge()
    assert (played.wrong, crowd.faults) == ([], [])
    assert several.end() == [0] * 4
    assert crowd.told["LockHeld"] > 0
    figures.add(
        "several processes lose no update; one version has one winner",
        f"4 processes, {_ADJUSTS} parallel adjusts and {_RACERS} racers for a version on one SKU, "
        f"kill -9 of one, {rounds} rounds",
        f"accepted {crowd.ledger.acknowledged:,}, lost 0, versions 1 to "
        f"{crowd.ledger.acknowledged:,}, no answer {crowd.lost}, told to try again: "
        f"LockHeld {crowd.told['LockHeld']:,}, LockLost {crowd.told['LockLost']}, "
        f"Overloaded {crowd.told['Overloaded']}",
    )


@pytest.mark.parametrize(
    "rounds", [1, pytest.param(10, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
)
def test_what_is_accepted_without_any_lease_adds_up_as_well(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    dice = random.Random(rounds)
    several = Several(make_server, dice, LOCK_DIR="/dev/null")
    several.begin()
    crowd = Crowd(lambda: several.port, Ledger(), dice)
    played = Rounds(several, crowd)
    asyncio.run(crowd.settle(opening(_OPENED)))
    for number in range(rounds):
        asyncio.run(played.play(number))
    played.judge()
    assert (played.wrong, crowd.faults) == ([], [])
    assert crowd.told["LockHeld"] == 0
    assert several.end() == [0] * 4
    figures.add(
        "leases make nothing safe: the turns at the log do",
        f"the same without a lock directory, {rounds} rounds",
        f"accepted {crowd.ledger.acknowledged:,}, lost 0, no answer {crowd.lost}",
    )


@pytest.mark.parametrize("tooth", ["stale-turn", "no-writer-lock"])
def test_the_proof_catches_a_process_that_writes_what_is_stale(
    make_server: Fleet, figures: Figures, tooth: str
) -> None:
    """No leases, which would keep the two apart for as long as none of them stands still."""
    dice = random.Random(7)
    several = Several(make_server, dice, 2, (tooth,) * 2, LOCK_DIR="/dev/null")
    several.begin()
    crowd = Crowd(lambda: several.port, Ledger(), dice, patience=20)
    played = Rounds(several, crowd, with_kills=False)
    asyncio.run(crowd.settle(opening(_OPENED)))
    for number in range(_TRIES):  # two that write at once must meet
        asyncio.run(played.play(number))
        played.judge()
        if played.wrong:
            break
    assert played.wrong
    figures.add(f"tooth: {tooth}", f"{_ADJUSTS} adjusts at 2 processes", played.wrong[0])
