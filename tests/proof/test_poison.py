"""A change that cannot be folded stops its SKU and no other, until somebody decides about it."""

import shutil
import time
from pathlib import Path

import pytest

from tests.proof import syscalls
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.poisoned import SKU, VERSION, Poisoned
from tests.proof.syscalls import CrashPoint

_PROMISE = "a poison event stops only its SKU"
_PATIENCE_S = 120
_LOOK_EVERY_S = 0.01
_NOT_HERE = syscalls.why_unavailable()


def test_a_poisoned_change_stops_its_sku_and_no_other_until_it_is_redriven(
    make_server: Fleet, figures: Figures
) -> None:
    poisoned = Poisoned(make_server)
    poisoned.load(400)
    poisoned.require_others_clean()
    letter = poisoned.dead_letter()
    assert letter["parked"] == poisoned.changes_behind() > 0
    assert poisoned.reads_others_back(30) == 30
    for _ in range(2):
        poisoned.worker.kill()
        poisoned.load(100)
        poisoned.worker.start()
        poisoned.require_others_clean()
        again = poisoned.dead_letter()
        assert (again["id"], again["failedAt"]) == (letter["id"], letter["failedAt"])
        assert again["parked"] == poisoned.changes_behind()
    redrive = f"/dead-letters/{letter['id']}/redrive"
    _, refused = poisoned.ask("POST", redrive)
    assert (refused["status"], refused["attempts"]) == ("dead", letter["attempts"] + 1)
    parked = poisoned.changes_behind()
    poisoned.cure()
    _, redriven = poisoned.ask("POST", redrive)
    assert (redriven["status"], redriven["parked"]) == ("redriven", 0)
    verdict = poisoned.campaign.judge_central()
    verdict.require_clean()
    poisoned.worker.kill()
    poisoned.worker.start()
    poisoned.campaign.judge_central().require_clean()
    figures.add(
        _PROMISE,
        "one change cannot be folded under 16 clients; kill -9 of the worker twice; redrive",
        f"others: 0 late, 30 of 30 writes read back at once; {parked} parked in order; then "
        f"{verdict}",
    )


def test_a_change_that_is_discarded_is_healed_by_the_next_one(
    make_server: Fleet, figures: Figures
) -> None:
    poisoned = Poisoned(make_server)
    for number in range(VERSION - 1):
        poisoned.adjust(SKU, 1, number)
    letter = poisoned.dead_letter()
    assert letter["parked"] == 0
    discard = f"/dead-letters/{letter['id']}/discard"
    _, discarded = poisoned.ask("POST", discard, b'{"reason":"counted anew"}')
    assert (discarded["status"], discarded["reason"]) == ("discarded", "counted anew")
    for _ in range(2):
        poisoned.require_others_clean()
        poisoned.worker.kill()
        poisoned.worker.start()
    assert poisoned.dead_letter()["status"] == "discarded"
    poisoned.adjust(SKU, 1, VERSION)
    verdict = poisoned.campaign.judge_central()
    verdict.require_clean()
    figures.add(
        "… or discarded",
        "the change given up with a reason, the worker killed, the next change written",
        f"marked until then, equal afterwards: {verdict}",
    )


def _decide(poisoned: Poisoned) -> bool:
    """Let the letter die and discard it; return False when the worker did not live to say so."""
    deadline = time.monotonic() + _PATIENCE_S
    while poisoned.worker.is_alive and time.monotonic() < deadline:
        _, letters = poisoned.ask("GET", "/dead-letters")
        for letter in letters.get("items", ()):
            if letter["status"] == "discarded":
                return True
            if letter["status"] == "dead":
                discard = f"/dead-letters/{letter['id']}/discard"
                poisoned.ask("POST", discard, b'{"reason":"given up"}')
        time.sleep(_LOOK_EVERY_S)
    return False


def _decision_points(poisoned: Poisoned, root: Path) -> list[CrashPoint]:
    trace = root / "trace"
    poisoned.worker.start(syscalls.record(trace))
    assert _decide(poisoned)
    assert poisoned.worker.stop() == 0
    points = [
        point
        for point in syscalls.crash_points(trace, root, "data/central")
        if Path(point.path).name == "dead-letters.ndjson"
    ]
    assert {"write", "fsync", "ftruncate"} <= {point.name for point in points}
    return points


@pytest.mark.skipif(_NOT_HERE is not None, reason=_NOT_HERE or "")
@pytest.mark.parametrize(
    "how_many", [1, pytest.param(0, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
)
def test_a_decision_is_taken_or_not_wherever_the_worker_dies(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    poisoned = Poisoned(make_server)
    poisoned.load(300)
    poisoned.worker.kill()
    central = poisoned.server.data_dir / "central"
    shutil.rmtree(central, ignore_errors=True)
    points = _decision_points(poisoned, tmp_path)
    # A thread's first call of a kind is met again for sure, so those are the ones to begin with.
    points = sorted(points, key=lambda point: point.nth == 1)[-how_many:]
    deaths = 0
    for point in points:
        shutil.rmtree(central, ignore_errors=True)
        poisoned.worker.start(point.kill(tmp_path))
        deaths += not _decide(poisoned)
        poisoned.worker.kill()
        poisoned.worker.start()
        poisoned.worker.await_work()
        assert _decide(poisoned)
        poisoned.campaign.judge_central().require_clean()
        poisoned.worker.kill()
    assert 2 * deaths >= len(points)  # the k-th call need not be the k-th of its thread again
    figures.add(
        "… whatever dies while it is decided",
        "SIGKILL on entry to each call that writes a decision down",
        f"{len(points)} calls, {deaths} deaths, decided once in the end, missed 0, doubles 0",
    )


def test_the_proof_catches_a_worker_that_lets_all_wait_for_one(
    make_server: Fleet, figures: Figures
) -> None:
    poisoned = Poisoned(make_server, tooth="stubborn-worker")
    poisoned.load(400)
    status, problem = poisoned.ask("POST", "/sync")
    assert (status, problem["error"]) == (503, "CentralBehind")
    figures.add("tooth: all wait for one", "one change cannot be folded", f"sync answers {status}")


def test_the_proof_catches_a_worker_that_loses_what_is_parked(
    make_server: Fleet, figures: Figures
) -> None:
    poisoned = Poisoned(make_server, tooth="careless-worker")
    poisoned.load(400)
    letter = poisoned.dead_letter()
    assert letter["parked"] != poisoned.changes_behind()
    poisoned.cure()
    poisoned.ask("POST", f"/dead-letters/{letter['id']}/redrive")
    missed = poisoned.campaign.judge_central().missed
    assert missed > 0
    figures.add("tooth: what is parked is lost", "redrive", f"missed {missed}")
