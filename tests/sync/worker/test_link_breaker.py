"""A worker that hangs is left alone after a while, and what is not its fault never counts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind, CircuitOpen
from surestock.kit.clock import ManualClock
from surestock.resilience.breaker import BreakerConfig
from surestock.sync.link import CentralLink, Patience
from surestock.sync.protocol import (
    Answer,
    Declined,
    Find,
    Found,
    Progress,
    Redrive,
    value,
)
from tests.sync.worker.house import House
from tests.sync.worker.mute import Mute, mute_worker

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
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


async def test_after_some_answers_in_a_row_that_do_not_come_nobody_waits_any_more(
    house: House,
) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, worker):
        await time_out(link, 3)
        await hear_all(worker, 3)
        assert (link.status().breaker, link.status().breaker_openings) == ("open", 1)
        clock.advance(2)
        for call in (link.find("tea", 0), link.page("", 1), link.dead_letters("", 9)):
            with pytest.raises(CircuitOpen, match="did not answer 3 times running") as refused:
                await call
            assert refused.value.retry_after_s == 3
        await wait_all_tasks_blocked()
        assert len(worker.asked) == 3
        assert link.status().alive


async def test_after_the_cooldown_one_question_is_let_through_and_its_answer_closes_it(
    house: House,
) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, worker):
        await time_out(link, 3)
        await hear_all(worker, 3)
        clock.advance(5)
        patient = Patience(60, 60)
        link._patience = patient  # noqa: SLF001 - from here on the worker answers in time
        async with create_task_group() as tasks:
            tasks.start_soon(link.find, "tea", 0)
            probe = await next_question(worker)
            assert link.status().breaker == "half_open"
            with pytest.raises(CircuitOpen):
                await link.find("rice", 0)
            worker.say(Answer(probe, value(Found(None, 0))))
        assert link.status().breaker == "closed"
        async with create_task_group() as tasks:
            tasks.start_soon(link.find, "rice", 0)
            worker.say(Answer(await next_question(worker), value(Found(None, 0))))
        assert len(worker.asked) == 5


async def test_a_probe_without_an_answer_opens_it_for_another_cooldown(house: House) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, _):
        await time_out(link, 3)
        clock.advance(5)
        await time_out(link, 1)
        assert (link.status().breaker, link.status().breaker_openings) == ("open", 2)
        with pytest.raises(CircuitOpen) as refused:
            await link.find("tea", 0)
        assert refused.value.retry_after_s == 5


@pytest.mark.parametrize(("declined", "raises"), [("missing", NotFound), ("behind", CentralBehind)])
async def test_an_answer_that_it_cannot_be_told_is_an_answer(
    house: House, declined: str, raises: type[Exception]
) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, worker):
        await time_out(link, 3)
        await hear_all(worker, 3)
        clock.advance(5)
        link._patience = Patience(60, 60)  # noqa: SLF001 - from here on it answers in time
        async with create_task_group() as tasks:

            async def ask() -> None:
                with pytest.raises(raises):
                    await link.redrive("1.0")

            tasks.start_soon(ask)
            probe = await next_question(worker, Redrive)
            worker.say(Declined(probe, declined, "it is so"))  # type: ignore[arg-type]
        assert link.status().breaker == "closed"


async def test_a_sequence_that_the_log_has_not_reached_is_not_the_workers_fault(
    house: House,
) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, _):
        await time_out(link, 9, min_sequence=7)
        assert link.status().breaker == "closed"
        await time_out(link, 3)
        clock.advance(5)
        # Nor may it use up the probe, which it could not answer.
        with pytest.raises(CircuitOpen):
            await link.find("tea", 7)
        assert link.status().breaker == "open"


async def test_a_worker_that_is_gone_is_told_as_such(house: House) -> None:
    clock = ManualClock()
    async with house.link(HURRIED, clock, breaker=THREE) as link:
        async with mute_worker(house.meeting_place) as worker:
            worker.say(Progress(0, 0, 0, 0))
            await house.logged("connected to the sync worker")
            await time_out(link, 3)
        await house.logged("the sync worker is gone")
        clock.advance(6)
        for _ in range(4):
            with pytest.raises(CentralBehind, match="No sync worker is running"):
                await link.find("tea", 0)
        assert link.status().breaker_openings == 1


async def test_who_hangs_up_never_counts_and_leaves_no_probe_behind(house: House) -> None:
    clock = ManualClock()
    async with silence(house, clock, Patience(60, 60)) as (link, _):

        async def hang_up(times: int) -> None:
            for _ in range(times):
                async with create_task_group() as tasks:
                    tasks.start_soon(link.find, "tea", 0)
                    await wait_all_tasks_blocked()
                    tasks.cancel_scope.cancel()

        await hang_up(9)
        assert link.status().breaker == "closed"
        link._patience = HURRIED  # noqa: SLF001 - it hangs from here on
        await time_out(link, 3)
        clock.advance(5)
        link._patience = Patience(60, 60)  # noqa: SLF001 - and nobody waits for the probe
        await hang_up(1)
        assert link.status().breaker == "open"


async def test_a_probe_ends_with_the_worker(house: House) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, worker):
        await time_out(link, 3)
        await hear_all(worker, 3)
        clock.advance(5)
        link._patience = Patience(60, 60)  # noqa: SLF001 - it ends before that
        async with create_task_group() as tasks:

            async def ask() -> None:
                with pytest.raises(CentralBehind, match="ended before it answered"):
                    await link.find("tea", 0)

            tasks.start_soon(ask)
            await next_question(worker)
            worker.hang_up()
        assert link.status().breaker == "open"


async def test_a_sync_that_waits_in_vain_counts(house: House) -> None:
    async with silence(house, ManualClock()) as (link, _):
        await house.write(("tea", "berlin"))
        for _ in range(3):
            with pytest.raises(CentralBehind, match="1 records behind"):
                await link.sync()
        with pytest.raises(CircuitOpen):
            await link.sync()


async def test_a_sync_with_nothing_to_wait_for_says_nothing_about_the_worker(house: House) -> None:
    clock = ManualClock()
    async with silence(house, clock) as (link, _):
        await time_out(link, 2)
        await link.sync()
        await time_out(link, 1)
        assert link.status().breaker == "open"
        clock.advance(5)
        assert (await link.sync()).applied_sequence == 0
        assert link.status().breaker == "open"


async def test_a_worker_that_is_behind_and_comes_on_is_not_given_up(house: House) -> None:
    async with silence(house, ManualClock(), Patience(0.2, 0.2)) as (link, worker):
        for _ in range(20):
            await house.write(("tea", "berlin"))

        async def sync() -> None:
            with pytest.raises(CentralBehind, match="records behind"):
                await link.sync()

        for applied in range(1, 7):
            async with create_task_group() as tasks:
                tasks.start_soon(sync)
                await wait_all_tasks_blocked()
                worker.say(Progress(applied, 0, 0, 0))
        assert link.status().breaker == "closed"


async def test_a_worker_that_folds_and_answers_nothing_is_given_up(house: House) -> None:
    async with silence(house, ManualClock(), Patience(0.1, 0.1)) as (link, worker):
        for _ in range(3):
            async with create_task_group() as tasks:
                tasks.start_soon(time_out, link, 1)
                await next_question(worker)
                await house.write(("tea", "berlin"))
                worker.say(Progress(house.paper.sequence, 0, 0, 0))
        assert link.status().breaker == "open"
