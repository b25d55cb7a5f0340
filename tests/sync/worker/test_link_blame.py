"""What is not the worker's fault never counts against it, and what is, does."""

import pytest
from anyio import create_task_group, wait_all_tasks_blocked

from surestock.inventory.unavailable import CentralBehind, CircuitOpen
from surestock.kit.clock import ManualClock
from surestock.sync.link import Patience
from surestock.sync.protocol import (
    Progress,
)
from tests.sync.worker.house import House
from tests.sync.worker.silence import HURRIED, next_question, silence, time_out

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


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
