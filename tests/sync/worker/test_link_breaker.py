"""A worker that hangs is left alone after a while, and asked again one question at a time."""

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from surestock.inventory.refusals import NotFound
from surestock.inventory.unavailable import CentralBehind, CircuitOpen
from surestock.kit.clock import ManualClock
from surestock.sync.link import Patience
from surestock.sync.protocol import (
    Answer,
    Declined,
    Found,
    Progress,
    Redrive,
    value,
)
from tests.sync.worker.house import House
from tests.sync.worker.mute import mute_worker
from tests.sync.worker.silence import HURRIED, THREE, hear_all, next_question, silence, time_out

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


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
