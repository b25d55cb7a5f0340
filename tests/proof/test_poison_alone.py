"""A worker alone with a log in which a record is wrong, though every checksum is sound."""

import asyncio

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.forgery import Forgery
from tests.proof.worker_client import WorkerClient

_OTHERS = 50
_BAD = {
    "a version is missing": ("a", "bad", 11, 0, 7),
    "a version comes twice": ("a", "bad", 10, 0, 1),
    "more is reserved than there is": ("a", "bad", 3, 4, 2),
    "less than nothing is reserved": ("a", "bad", 3, -1, 2),
    "there is less than nothing": ("a", "bad", -1, 0, 2),
}


def _forged(forgery: Forgery, bad: tuple[str, str, int, int, int]) -> int:
    """Write good records, the bad one, and others behind it; return where the bad one stands."""
    forgery.record(("a", "bad", 10, 0, 1), ("b", "bad", 5, 0, 1))
    for number in range(_OTHERS):
        forgery.record(("a", f"good-{number}", number, 0, 1))
    place = forgery.record(("a", "good-0", 99, 0, 2), bad)
    for number in range(1, _OTHERS):
        forgery.record(("a", f"good-{number}", number, 0, 2))
    forgery.record(("b", "bad", 6, 0, 2))
    forgery.record(("b", "bad", 7, 0, 3), ("a", "good-0", 98, 0, 3))
    return place


def _levels(found: dict[str, object]) -> list[tuple[int, ...]]:
    stock = found["stock"]
    assert isinstance(stock, dict)
    return [(it["onHand"], it["reserved"], it["version"]) for it in stock["levels"]]


@pytest.mark.parametrize("why", list(_BAD))
def test_a_sound_line_with_a_wrong_level_stops_its_sku_and_no_other(
    make_server: Fleet, figures: Figures, why: str
) -> None:
    worker = make_server.worker(settings={"SYNC_INTERVAL_MS": "50"})
    forgery = Forgery(worker.data_dir)
    place = _forged(forgery, _BAD[why])
    letter = f"{place}.1"

    async def attack() -> None:
        async with WorkerClient(worker.data_dir) as client:
            report = await client.fold_up_to(forgery.sequence, 1, forgery.end)
            assert (report["stopped"], report["dead_letters"]) == (None, 1)
            for number in range(1, _OTHERS):
                assert _levels(await client.ask("find", sku=f"good-{number}")) == [(number, 0, 2)]
            assert _levels(await client.ask("find", sku="good-0")) == [(98, 0, 3)]
            bad = await client.ask("find", sku="bad")
            assert bad["stock"]["diverged"]
            assert _levels(bad) == [(10, 0, 1), (5, 0, 1)]
            (told,) = await client.ask("letters", after="", limit=10)
            assert (told["id"], told["parked"]) == (letter, 2)
            redriven = await client.ask("redrive", letter_id=letter)
            assert redriven["status"] in {"retrying", "dead"}

    async def give_up() -> None:
        async with WorkerClient(worker.data_dir) as client:
            await client.fold_up_to(forgery.sequence, 1, forgery.end)
            await client.ask("discard", letter_id=letter, reason="forged")
            bad = await client.ask("find", sku="bad")
            assert bad["stock"]["diverged"]
            assert _levels(bad) == [(10, 0, 1), (7, 0, 3)]
            forgery.record(("a", "bad", 20, 0, 30))
            await client.fold_up_to(forgery.sequence, 1, forgery.end)
            bad = await client.ask("find", sku="bad")
            assert not bad["stock"]["diverged"]
            assert _levels(bad) == [(20, 0, 30), (7, 0, 3)]

    worker.start()
    worker.await_work()
    asyncio.run(attack())
    worker.kill()
    worker.start()
    worker.await_work()
    asyncio.run(give_up())
    figures.add(
        f"… in a forged log: {why}",
        "sound checksums, a worker alone, kill -9, discard",
        f"{_OTHERS} other SKUs in the same tick, also that of the same record; healed by the next",
    )
