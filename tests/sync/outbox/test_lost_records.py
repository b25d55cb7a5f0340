"""A log that ends before what was shown of it: the watch tells it, and nothing else."""

import asyncio
from collections.abc import Iterator

import pytest

from surestock.inventory.unavailable import CentralBehind
from surestock.kit.clock import SystemClock
from surestock.sync.outbox import Patience, PostgresCentral
from surestock.sync.outbox.tide import Tide, Watch
from tests.sync.outbox.place import Place, answered

SHORT = Patience(sync_s=20, answer_s=1, decide_s=1)
LOST = """
DELETE FROM surestock.records WHERE sequence > 2;
UPDATE surestock.head SET sequence = 2;
UPDATE surestock.central_head SET sequence = 2
"""


class Watched:
    """A watch that looks at ``ahead``, in this order; ``told`` is what it told."""

    def __init__(self, *ahead: Tide) -> None:
        self.ahead: Iterator[Tide] = iter(ahead)
        self.told: list[tuple[int, int]] = []
        self.free = asyncio.Event()
        self.free.set()
        self.watch = Watch(self._look, SystemClock(), lambda *it: self.told.append(it))

    async def _look(self) -> Tide:
        seen = next(self.ahead)
        await self.free.wait()
        return seen


async def test_a_log_that_ends_before_the_one_seen_last_is_told() -> None:
    it = Watched(Tide(durable=20), Tide(durable=20), Tide(durable=10), Tide(durable=11))
    for told in ([], [], [(20, 10)], [(20, 10)]):
        await it.watch.look()
        assert it.told == told


async def test_a_log_that_ends_before_what_was_shown_is_told() -> None:
    it = Watched(Tide(durable=5), Tide(durable=6))
    await it.watch.look()
    it.watch.shown = 9
    await it.watch.look()
    assert it.told == [(9, 6)]


async def test_what_was_shown_while_a_look_was_on_its_way_is_no_loss() -> None:
    it = Watched(Tide(durable=5), Tide(durable=7))
    it.free.clear()
    looks = [asyncio.ensure_future(it.watch.look()) for _ in range(2)]
    await asyncio.sleep(0)
    it.watch.shown = 8
    it.free.set()
    await asyncio.gather(*looks)
    assert it.told == []


async def test_a_view_that_was_shown_further_than_the_log_now_is_tells_it(place: Place) -> None:
    for _ in range(4):
        await place.add(("tea", "west"))
    told: list[tuple[int, int]] = []
    central = PostgresCentral(
        place.config,
        SystemClock(),
        place.log_lines(),
        SHORT,
        went_back=lambda *it: told.append(it),
    )
    assert (await answered(lambda: central.find("tea", 4)))[1] == 4
    await place.run(lambda it: it.execute(LOST))
    with pytest.raises(CentralBehind):
        await answered(lambda: central.find("tea", 0))
    assert set(told) == {(4, 2)}
    await central.close()
