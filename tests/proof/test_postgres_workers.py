"""Two workers fold what the processes record, and are killed at random: each change counts once."""

import asyncio
import random
from itertools import takewhile

import pytest

from tests.proof.central_audit import CentralVerdict, compare_with
from tests.proof.figures import Figures
from tests.proof.ledger import Ledger
from tests.proof.patient import Patient
from tests.proof.shop import Shop
from tests.proof.worker import Worker
from tests.proof.workload import Workload

_CLIENTS = 16
_BETWEEN = (10, 60)
_LOOK_EVERY_S = 0.02
_KILLS = [4, pytest.param(60, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]


async def _play(crowd: Patient, workers: list[Worker], kills: int) -> None:
    """Change stock on and on; kill one worker after the other, and start it again."""
    workload = Workload(crowd.dice)
    crowd.learn = workload.learn
    await crowd.run(workload.opening(), _CLIENTS)
    over = asyncio.Event()

    async def kill() -> None:
        for _ in range(kills):
            await crowd.reach(crowd.ledger.acknowledged + crowd.dice.randint(*_BETWEEN))
            while not (at_work := [it for it in workers if it.is_at_work]):  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_EVERY_S)
            worker = crowd.dice.choice(at_work)
            await asyncio.to_thread(worker.kill)
            worker.start()
        over.set()

    made = takewhile(lambda _: not over.is_set(), iter(workload.next, None))
    await crowd.run(made, _CLIENTS, kill)


def _verdict(
    shop: Shop, kills: int, tooth: str | None = None
) -> tuple[Patient, list[Worker], CentralVerdict]:
    dice = random.Random(kills)
    several = shop.several(dice, 2)
    several.begin()
    settings = shop.settings()
    workers = [shop.fleet.worker(tooth=tooth, settings=settings) for _ in range(2)]
    for worker in workers:
        worker.start()
        worker.await_work()
    crowd = Patient(lambda: several.port, Ledger(), dice, within_s=500)
    asyncio.run(_play(crowd, workers, kills))
    for worker in workers:
        worker.await_work()
    return crowd, workers, asyncio.run(compare_with(several.port, shop.records()))


@pytest.mark.parametrize("kills", _KILLS)
def test_the_central_view_is_the_fold_of_the_records_whichever_worker_is_killed(
    shop: Shop, figures: Figures, kills: int
) -> None:
    crowd, workers, verdict = _verdict(shop, kills)
    assert crowd.faults == []
    verdict.require_clean()
    assert [worker.stop() for worker in workers] == [0, 0]
    shop.require_sound()
    figures.add(
        "central = the fold of the log, whatever dies",
        f"PostgreSQL: 2 workers, kill -9 of one at work under {_CLIENTS} clients, {kills} times",
        str(verdict),
    )


def test_the_proof_catches_a_worker_that_tells_later_how_far_it_is(
    newest_shop: Shop, figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where it bites there may be no sync ever, and nobody need wait long for that.
    monkeypatch.setattr("tests.proof.central_audit._PATIENCE_S", 30)
    try:
        _, _, verdict = _verdict(newest_shop, 6, "two-step-worker")
        assert verdict.missed + verdict.doubles > 0
        told = f"missed {verdict.missed}, doubles {verdict.doubles}"
    except AssertionError as error:
        # What was parked twice is in the way of whoever folds next, so that there is no verdict.
        told = str(error)
        assert "a sync is answered 503" in told
    figures.add("tooth: two-step-worker", "2 workers", told[:80])
