"""What the worker folds: all that is durable and nothing else, in pieces, and noted on disk."""

import asyncio
from pathlib import Path

import pytest

from surestock.inventory.unavailable import CentralBehind
from surestock.sync.checkpoint import Checkpoint
from surestock.sync.link import Patience
from tests.sync.fold.paper import impossible
from tests.sync.worker.house import House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
OFTEN_S = 0.01


async def test_lines_that_are_not_known_to_be_durable_are_not_folded(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin"))
        durable = await house.append(("tea", "berlin"))
        await house.append(("tea", "berlin"))
        await link.sync()
        async with house.link(Patience(60, 0.05)) as hurried:
            await hurried.sync()
            with pytest.raises(CentralBehind):
                await hurried.find("tea", 2)
        house.frontier = durable
        link.advanced()
        assert (await link.sync()).applied_sequence == 2


async def test_a_long_log_is_folded_in_pieces_and_questions_are_answered_between(
    tmp_path: Path,
) -> None:
    with await asyncio.to_thread(House, tmp_path, most_bytes=2000) as house:
        async with house.open() as link:
            await link.sync()
            for number in range(299):
                await house.append((f"sku-{number:03}", "berlin"))
            house.frontier = await house.append(("tea", "berlin"))
            link.advanced()
            seen = set()
            while 300 not in seen:
                seen.add((await link.page("", 1)).applied_sequence)
            assert len(seen) > 10
            assert len((await link.page("", 1000)).items) == 300


async def test_a_worker_notes_how_far_it_is_now_and_then_and_when_it_ends(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin"))
        await link.sync()
        noted = None
        while noted is None:
            noted = await house.checkpoint()
        assert noted == Checkpoint(1, house.last_crc())
    async with house.open() as link:
        bad = await house.write(("tea", "berlin", impossible))
        await house.write(("rice", "berlin"))
        await link.sync()
    assert await house.checkpoint() == Checkpoint(3, house.last_crc(), bad)


async def test_a_worker_that_ends_folds_what_it_was_told(house: House) -> None:
    async with house.worker(), house.link() as link:
        await house.logged("connected to the sync worker")
        for _ in range(100):
            await house.write(("tea", "berlin"))
        assert await link.caught_up(20)
    noted = await house.checkpoint()
    assert noted is not None
    assert noted.sequence == 100


async def test_a_restart_folds_the_log_again_to_the_same_view(house: House) -> None:
    async with house.open() as link:
        for number in range(60):
            await house.write((f"sku-{number % 7}", f"store-{number % 3}"))
        await link.sync()
        before = await link.page("", 100)
    async with house.open() as link:
        await link.sync()
        assert await link.page("", 100) == before


async def test_a_checkpoint_never_falls_back_while_the_log_is_folded_again(tmp_path: Path) -> None:
    with await asyncio.to_thread(House, tmp_path, most_bytes=1000) as house:
        async with house.open() as link:
            for _ in range(500):
                await house.write(("tea", "berlin"))
            await link.sync()
        before = await house.checkpoint()
        assert before is not None
        assert before.sequence == 500
        async with house.open(interval_s=0.001) as link:
            await house.logged("connected to the sync worker")
            while link.status().applied_sequence < before.sequence:
                assert await house.checkpoint() == before


async def test_letters_are_tried_again_each_interval_until_they_are_dead(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin", impossible))
        await link.sync()
        attempts = [1]
        while attempts[-1] < 3:
            attempts.append((await link.dead_letters("", 100))[0].attempts)
        # Two of them may come between two looks.
        assert {1, 3} <= set(attempts) <= {1, 2, 3}
        assert attempts == sorted(attempts)
        assert (await link.dead_letters("", 100))[0].status == "dead"


async def test_a_worker_ends_though_nobody_ever_told_it_anything(house: House) -> None:
    async with house.worker():
        pass
    assert await house.checkpoint() is None
