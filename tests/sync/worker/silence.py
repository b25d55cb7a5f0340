"""A sync worker that is connected and says nothing more, and who asks it all the same."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from surestock.inventory.unavailable import CentralBehind
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.link import CentralLink, Patience
from surestock.sync.protocol import Find, Progress
from tests.sync.worker.house import House
from tests.sync.worker.mute import Mute, mute_worker

HURRIED = Patience(0.02, 0.02)
THREE = BreakerConfig(threshold=3, cooldown_s=5)


@asynccontextmanager
async def silence(
    house: House, clock: ManualClock, patience: Patience = HURRIED
) -> AsyncIterator[tuple[CentralLink, Mute]]:
    """A link to a worker that is connected and says nothing more."""
    async with (
        house.link(patience, clock, breaker=THREE) as link,
        mute_worker(house.meeting_place) as worker,
    ):
        worker.say(Progress(0, 0, 0, 0))
        await house.logged("connected to the sync worker")
        yield link, worker


async def time_out(link: CentralLink, times: int, min_sequence: int = 0) -> None:
    for _ in range(times):
        with pytest.raises(CentralBehind):
            await link.find("tea", min_sequence)


async def next_question(worker: Mute, kind: type = Find) -> int:
    """Return the id of the next question of that kind that nobody has looked at yet."""
    seen = len(worker.asked)
    while len(worker.asked) == seen or not isinstance(worker.asked[-1].question, kind):
        await worker.hear()
    return worker.asked[-1].id


async def hear_all(worker: Mute, questions: int) -> None:
    """Take note of so many questions that nobody waits for any more."""
    while len(worker.asked) < questions:
        await worker.hear()
