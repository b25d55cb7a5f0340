"""Three API processes on one port: some die, all end, and nothing that was accepted is lost."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import Crowd
from tests.proof.figures import Figures
from tests.proof.house import House
from tests.proof.http_client import Connection, Unanswered
from tests.proof.ledger import Ledger
from tests.proof.several import leases_in
from tests.proof.test_sigterm import Ended
from tests.proof.workload import Workload

_WORKERS = 3
_CLIENTS = 12
_KILLS = [2, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_ENDS = [1, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_MEANWHILE = 20
_LOOK_EVERY_S = 0.02
_LOOKS = 60
_TRIES = 12
_SUMS = ("_total", "_count", "_sum", "_bucket")


@dataclass
class Sums:
    """What was counted, as all processes together told it. ``fell`` names what became less."""

    port: int
    looks: int = 0
    fell: list[str] = field(default_factory=list)
    _highest: dict[str, float] = field(default_factory=dict)

    async def watch(self, over: asyncio.Event) -> None:
        """Look again and again, at whichever process answers, until it is ``over``."""
        while not over.is_set():
            try:
                async with Connection(self.port) as connection:
                    text = (await connection.request("GET", "/metrics")).body.decode()
            except Unanswered:  # the process died that was asked
                await asyncio.sleep(_LOOK_EVERY_S)
                continue
            self._compare(text)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def look_more(self, times: int) -> None:
        """Return when it was looked so often again."""
        goal = self.looks + times
        while self.looks < goal:  # noqa: ASYNC110 - the looks need no event
            await asyncio.sleep(_LOOK_EVERY_S)

    def _compare(self, text: str) -> None:
        self.looks += 1
        told = dict(_series(text))
        for name, value in self._highest.items():
            if told.get(name, 0) < value:
                self.fell.append(f"{name} was {value:g} and is {told.get(name)}")
        self._highest |= told


def _series(text: str) -> Iterator[tuple[str, float]]:
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        if not line.startswith("#") and name.partition("{")[0].endswith(_SUMS):
            yield name, float(value)


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make services; all are killed when the test ends."""
    made: list[House] = []

    def make(tooth: str | None = None) -> House:
        made.append(House(tmp_path, _WORKERS, tooth))
        return made[-1]

    yield make
    for house in made:
        house.kill()


async def _play(house: House, crowd: Crowd, kills: int) -> Sums:
    """Change stock on and on; kill API processes meanwhile, one after the other."""
    workload = Workload(crowd.dice)
    crowd.learn = workload.learn
    await crowd.run(workload.opening(), _CLIENTS)
    over = asyncio.Event()
    sums = Sums(house.port)

    async def kill() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(sums.watch(over))
            for _ in range(kills):
                await crowd.reach(crowd.ledger.acknowledged + crowd.dice.randint(20, 100))
                listened = house.listened()
                house.kill_one(crowd.dice)
                await crowd.reach(crowd.ledger.acknowledged + _MEANWHILE)
                await asyncio.to_thread(house.await_listening, listened + 1)
                await sums.look_more(_LOOKS)  # by then it has told what it counted
            over.set()

    made = takewhile(lambda _: not over.is_set(), iter(workload.next, None))
    await crowd.run(made, _CLIENTS, kill)
    return sums


@pytest.mark.parametrize("kills", _KILLS)
def test_who_is_killed_comes_back_while_the_others_answer_and_no_sum_goes_down(
    make_house: Callable[..., House], figures: Figures, kills: int
) -> None:
    house = make_house()
    house.start()
    crowd = Crowd(lambda: house.port, Ledger(), random.Random(kills), within_s=300 + 35 * kills)
    sums = asyncio.run(_play(house, crowd, kills))
    assert (crowd.faults, sums.fell) == ([], [])
    verdict = asyncio.run(Audit().judge(house.port, crowd.ledger))
    verdict.require_clean()
    assert len(house.api_processes()) == _WORKERS
    os.kill(house.running.pid, signal.SIGTERM)
    assert house.await_exit() == 0
    figures.add(
        "one of several API processes dies, and the others go on",
        f"serve --workers {_WORKERS} under {_CLIENTS} clients, {kills} × kill -9",
        f"{verdict}, came back {kills}, no answer {crowd.lost}, sums that fell 0 of {sums.looks} "
        "looks, exit 0",
    )


@pytest.mark.parametrize("rounds", _ENDS)
def test_a_signal_ends_all_processes_with_every_accepted_request_answered(
    make_house: Callable[..., House], figures: Figures, rounds: int
) -> None:
    house = make_house()
    campaign = Ended(house, seed=rounds, clients=_CLIENTS)
    house.start()
    campaign.open_levels()
    leases = 0
    for number in range(rounds):
        campaign.end(signal.SIGTERM, os.killpg if number % 2 else os.kill)
        leases += len(leases_in(house.data_dir / "locks"))
        house.start()
        campaign.judge_cut().require_clean()
        campaign.settle()
        campaign.ask_again()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    campaign.judge_central().require_clean()
    assert campaign.codes == {0: rounds}
    assert (campaign.cut, campaign.halves, campaign.left_behind) == (0, 0, 0)
    assert (campaign.differing, leases) == (0, 0)
    figures.add(
        "who was accepted is answered before the end of all processes",
        f"serve --workers {_WORKERS}, SIGTERM under {campaign.clients} clients, {rounds} rounds",
        f"exits 0: {campaign.codes[0]}, {verdict}, carried out and not answered {campaign.cut}, "
        f"half answers {campaign.halves}, leases left {leases}, left behind "
        f"{campaign.left_behind}",
    )


def test_the_proof_catches_who_forgets_what_a_dead_process_counted(
    make_house: Callable[..., House], figures: Figures
) -> None:
    house = make_house("workers-forgotten-sums")
    house.start()
    crowd = Crowd(lambda: house.port, Ledger(), random.Random(2))
    sums = asyncio.run(_play(house, crowd, 2))
    assert sums.fell
    figures.add("tooth: forgotten sums", "2 × kill -9", sums.fell[0])


def test_the_proof_catches_requests_that_are_cut_off_and_leases_that_are_kept(
    make_house: Callable[..., House], figures: Figures
) -> None:
    house = make_house("workers-kept-leases")
    campaign = Ended(house, clients=_CLIENTS)
    house.start()
    campaign.open_levels()
    campaign.end(signal.SIGTERM)
    leases = len(leases_in(house.data_dir / "locks"))
    assert leases > 0
    house.tooth = "workers-end-at-once"
    for _ in range(_TRIES):
        house.start()
        campaign.judge_cut()
        if campaign.cut + campaign.halves > 0:
            break
        campaign.end(signal.SIGTERM)
    assert campaign.cut + campaign.halves > 0
    figures.add(
        "teeth: kept leases, and an end at once",
        "SIGTERM",
        f"leases left {leases}, not answered {campaign.cut}",
    )
