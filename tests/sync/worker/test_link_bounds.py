"""A worker that is slow, silent, mad or gone costs the API bounded time and memory."""

import asyncio
import time
from collections.abc import Callable

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from surestock.inventory.unavailable import CentralBehind
from surestock.journal.position import Frontier
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.link import Patience
from surestock.sync.protocol import Answer, Found, Progress, Told, frame, value
from tests.sync.worker.house import House
from tests.sync.worker.mute import mute_worker

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
HURRIED = Patience(0.05, 0.05)
_CALLS = 20_000
TRUSTING = BreakerConfig(threshold=10_000)


async def test_a_sequence_that_never_comes_is_given_up(house: House) -> None:
    async with house.worker(), house.link(HURRIED) as link:
        await house.logged("connected to the sync worker")
        with pytest.raises(CentralBehind, match=r"log is at sequence 0 and has not reached 7 yet"):
            await link.find("tea", 7)


async def test_without_a_worker_every_call_says_so_at_once(house: House) -> None:
    clock = ManualClock()
    async with house.link(clock=clock) as link:
        await wait_all_tasks_blocked()
        clock.advance(6)
        for call in (
            link.sync(),
            link.find("tea", 0),
            link.page("", 1),
            link.dead_letters("", 100),
        ):
            with pytest.raises(CentralBehind, match="No sync worker is running"):
                await call
        assert not await link.caught_up(20)
        assert not link.status().alive


async def test_a_worker_that_is_busy_is_told_nothing_more(house: House) -> None:
    await house.write(("tea", "berlin"))
    async with house.link() as link, mute_worker(house.meeting_place) as worker:
        worker.say(Progress(0, 0, 0, 0))
        await worker.hear()
        for _ in range(1000):
            await house.write(("tea", "berlin"))
        async with create_task_group() as tasks:
            tasks.start_soon(link.sync)
            await wait_all_tasks_blocked()
            await house.write(("tea", "berlin"))
            assert link.status().lag_events == 1002
            worker.say(Progress(1, 0, 0, 0))
            await worker.hear()
            assert [told.frontier.sequence for told in worker.told] == [1, 1002]
            worker.say(Progress(1002, 0, 0, 0))
        assert link.status().lag_events == 0


async def test_questions_do_not_pile_up_before_a_worker_that_stands_still(house: House) -> None:
    async with (
        house.link(HURRIED, breaker=TRUSTING) as link,
        mute_worker(house.meeting_place) as worker,
    ):
        worker.say(Progress(0, 0, 0, 0))
        await house.logged("connected to the sync worker")
        whys: list[str] = []

        async def ask() -> None:
            with pytest.raises(CentralBehind) as behind:
                await link.find("tea", 0)
            whys.append(str(behind.value))

        for _ in range(2):
            async with create_task_group() as tasks:
                for _ in range(1500):
                    tasks.start_soon(ask)
        assert sum("too many questions" in why for why in whys) == 3000 - 1024
        assert sum("does not answer" in why for why in whys) == 1024
        for _ in range(1024):
            await worker.hear()
        worker.say(Answer(worker.asked[0].id, value(Found(None, 0))))
        worker.say(Progress(0, 1, 1, 0))
        await house.until(lambda: link.status().dead_letters == 1)
        await ask()
        assert "does not answer" in whys[-1]


async def test_waiting_for_the_view_is_bounded_too(house: House) -> None:
    async with house.worker(), house.link() as link:
        await house.logged("connected to the sync worker")
        async with create_task_group() as tasks:
            for _ in range(1024):
                tasks.start_soon(link.find, "tea", 1)
            await asyncio.sleep(0)
            with pytest.raises(CentralBehind, match="Too many requests"):
                await link.find("tea", 1)
            await house.write(("tea", "berlin"))


async def test_a_worker_that_dies_leaves_no_question_open(house: House) -> None:
    async with (
        house.link() as link,
        create_task_group() as tasks,
        mute_worker(house.meeting_place) as worker,
    ):
        worker.say(Progress(0, 0, 0, 0))

        async def ask() -> None:
            with pytest.raises(CentralBehind, match="ended before it answered"):
                await link.find("tea", 0)

        tasks.start_soon(ask)
        await worker.hear()


async def test_nonsense_from_the_worker_ends_the_connection_and_no_more(house: House) -> None:
    await house.write(("tea", "berlin"))
    async with house.link() as link:
        async with mute_worker(house.meeting_place) as worker:
            worker.say_nonsense()
            await house.logged("the sync worker cannot be understood")
        async with house.worker():
            assert (await link.sync()).applied_sequence == 1


async def test_a_commit_costs_the_api_next_to_nothing(house: House) -> None:
    await house.write(("tea", "berlin"))
    async with house.link() as link, mute_worker(house.meeting_place) as worker:
        worker.say(Progress(0, 0, 0, 0))
        await worker.hear()
        frontier = Frontier(10**6, 1, 10**9)
        rounds = range(5)  # in turns: a processor is quicker at one time than at another
        costs = [(_cost_s(link.advanced), _cost_s(lambda: frame(Told(frontier)))) for _ in rounds]
        cost_s, telling_s = map(min, zip(*costs, strict=True))
        print(f"a commit costs the link {cost_s * 1e9:.0f} ns, telling {telling_s * 1e9:.0f} ns")
        assert cost_s < telling_s, "the worker is told of each commit"


def _cost_s(act: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_CALLS):
        act()
    return (time.process_time() - began) / _CALLS
