"""The central view is the fold of the log, whatever dies: the worker at each of its steps.

And whoever is there: two workers at once, one of which stands by.
"""

import asyncio
import time
from pathlib import Path

import pytest

from tests.proof import syscalls
from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.server import Server
from tests.proof.syscalls import CrashPoint
from tests.proof.worker import Worker

_PROMISE = "central = fold of the log, whatever dies"
_NOT_HERE = syscalls.why_unavailable()
_SMALL = {"SEGMENT_BYTES": "8192", "SNAPSHOT_EVERY_N_EVENTS": "10"}
_TICKS = {"SYNC_INTERVAL_MS": "50"}
_CALLS = f"{syscalls.CHANGING},{syscalls.READING},{syscalls.TALKING}"
_WRITES = 12
_MOST_WRITES = 60
_PAUSE_S = 0.03
_HOW_MANY = [1, pytest.param(0, marks=[pytest.mark.prove, pytest.mark.timeout(2_400)])]
_ROUNDS = [2, pytest.param(30, marks=[pytest.mark.prove, pytest.mark.timeout(1_200)])]


def _write(campaign: Campaign) -> None:
    """Write once, after a while: each write is to be told to the worker by itself."""
    time.sleep(_PAUSE_S)
    assert campaign.run_alone([campaign.workload.next()])


def _write_until_dead(campaign: Campaign, worker: Worker, tries: int) -> bool:
    """Write until the worker is dead; return False when nothing kills it.

    One that stood still was told of many writes at once, and has not made the calls for each: so
    it gets some more, ``tries`` times, each when it has folded the last ones.
    """
    for _ in range(tries):
        writes = 0
        while worker.is_alive and writes < _MOST_WRITES:
            writes += worker.is_at_work
            _write(campaign)
        while worker.is_alive and not asyncio.run(_is_folded(campaign.server.port)):
            time.sleep(_PAUSE_S)
    return not worker.is_alive


async def _is_folded(port: int) -> bool:
    async with Connection(port) as connection:
        return (await connection.request("POST", "/sync")).is_success


def _dry_run(campaign: Campaign, worker: Worker, root: Path) -> list[CrashPoint]:
    trace = root / "trace"
    worker.start(syscalls.record(trace, _CALLS))
    campaign.judge_central().require_clean()
    for _ in range(_WRITES):
        _write(campaign)
    campaign.judge_central().require_clean()
    assert worker.stop() == 0
    points = syscalls.crash_points(trace, root, worker.data_dir.name)
    assert {"read", "pread64", "recvfrom", "sendto", "fsync", "rename"} <= {
        it.name for it in points
    }
    return points


def _with_a_past(make_server: Fleet) -> Server:
    """Return a running API on a log that has snapshots, an archive and a tail behind them."""
    server = make_server(role="api", settings=_SMALL)
    campaign = Campaign(server, clients=1)
    campaign.workload.run = "past"
    upkeep = make_server.upkeep(settings=_SMALL)
    for _ in range(2):
        server.start()
        campaign.open_levels()
        server.stop()
        assert upkeep.run() == 0
    assert list((server.data_dir / "archive").iterdir())
    server = make_server(role="api")
    server.start()
    return server


@pytest.mark.skipif(_NOT_HERE is not None, reason=_NOT_HERE or "")
@pytest.mark.parametrize("how_many", _HOW_MANY)
def test_the_view_is_whole_wherever_in_a_tick_the_worker_dies(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    campaign = Campaign(_with_a_past(make_server), seed=14, clients=1)
    worker = make_server.worker(tooth="worker-without-upkeep", settings=_TICKS)
    points = _dry_run(campaign, worker, tmp_path)
    if how_many:
        points = points[len(points) // 3 :: len(points) // how_many][:how_many]
    deaths = 0
    for point in points:
        worker.start(point.kill(tmp_path))
        deaths += _write_until_dead(campaign, worker, 4 if how_many else 1)
        worker.kill()
        worker.start()
        campaign.judge_central().require_clean()
        worker.kill()
    assert deaths >= 0.9 * len(points)
    worker.start()
    verdict = campaign.judge_central()
    verdict.require_clean()
    figures.add(
        _PROMISE,
        "SIGKILL on entry to each call by which the worker reads, folds, tells and notes",
        f"{len(points)} calls, {deaths} deaths, each compared; {verdict}",
    )


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_the_view_is_whole_when_workers_die_under_load_and_others_take_over(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    """Two workers at a time: the one at work dies, the other takes over, a third comes."""
    settings = {"SEGMENT_BYTES": "100000", "SNAPSHOT_EVERY_N_EVENTS": "500"} | _TICKS
    server = make_server(role="api", settings=settings)
    campaign = Campaign(server, seed=rounds)
    workers = [make_server.worker(settings=settings) for _ in range(2)]
    server.start()
    campaign.open_levels()
    workers[0].start()
    workers[0].await_work()
    for _ in range(rounds):
        at_work, stands_by = workers
        if not stands_by.is_alive:
            stands_by.start()
        campaign.attack(campaign.dice.randint(50, 1_200), at_work.signal_kill, lambda: None)
        campaign.settle()
        stands_by.await_work()
        campaign.judge_central().require_clean()
        at_work.kill()
        workers.reverse()
    verdict = campaign.judge_central()
    verdict.require_clean()
    campaign.judge_anew().require_clean()
    figures.add(
        "… with a second worker that stands by",
        f"kill -9 of the worker at work under {campaign.clients} clients, {rounds} rounds",
        f"{rounds} taken over; {verdict}",
    )


@pytest.mark.parametrize("rounds", [1, pytest.param(8, marks=pytest.mark.prove)])
def test_the_view_is_whole_when_the_servers_own_worker_dies_under_load(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    server = make_server(settings={"SEGMENT_BYTES": "100000", "SNAPSHOT_EVERY_N_EVENTS": "500"})
    campaign = Campaign(server, seed=rounds)
    server.start()
    campaign.open_levels()
    for number in range(rounds):
        campaign.judge_central().require_clean()
        both = number % 2 == 1
        campaign.attack(600, server.kill if both else server.kill_worker, lambda: None)
        if both:
            server.start()
        campaign.settle()
        campaign.judge_central().require_clean()
    verdict = campaign.judge_central()
    verdict.require_clean()
    figures.add(
        "… as the server's child",
        f"kill -9 of the child, and of both in turn, under {campaign.clients} clients",
        f"{rounds} rounds; {verdict}",
    )


@pytest.mark.parametrize(
    ("tooth", "wrong"), [("forgetful-worker", "missed"), ("repeating-worker", "doubles")]
)
def test_the_proof_catches_a_view_that_is_not_the_fold(
    make_server: Fleet, figures: Figures, tooth: str, wrong: str
) -> None:
    server = make_server(role="api")
    campaign = Campaign(server, clients=1)
    server.start()
    campaign.open_levels()
    worker = make_server.worker(tooth=tooth, settings={"SYNC_INTERVAL_MS": "10"})
    for _ in range(2):
        worker.start()
        worker.await_work()
        verdict = campaign.judge_central()
        _await_checkpoint(worker)
        worker.kill()
    worker.start()
    verdict = campaign.judge_central()
    found = getattr(verdict, wrong)
    assert found > 0
    figures.add(f"tooth: a {tooth.replace('-', ' ')}", "kill -9, once", f"{wrong} {found}")


def _await_checkpoint(worker: Worker) -> None:
    deadline = time.monotonic() + 120
    while not (worker.data_dir / "central" / "checkpoint.json").exists():
        assert time.monotonic() < deadline
        time.sleep(_PAUSE_S)


def test_the_proof_catches_two_workers_at_work(make_server: Fleet, figures: Figures) -> None:
    server = make_server(role="api")
    server.start()
    workers = [make_server.worker(tooth="unheld-worker") for _ in range(2)]
    for worker in workers:
        worker.start()
        worker.await_work()
    at_work = sum(worker.is_at_work for worker in workers)
    assert at_work > 1
    figures.add("tooth: nobody stands by", "two workers", f"{at_work} at work at once")
