"""What the worker folds: all that is durable, nothing else, and again after anything went wrong."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from shutil import copyfile

import pytest

from surestock.inventory.central import CentralStock
from surestock.inventory.unavailable import CentralBehind
from surestock.kit import failpoints
from surestock.sync.checkpoint import Checkpoint
from surestock.sync.link import Patience
from surestock.sync.protocol import Ask, Page, frame
from surestock.sync.view import CentralView
from tests.sync.fold.paper import impossible, nameless
from tests.sync.worker.house import House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
OFTEN_S = 0.01


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path, segment_bytes=4096) as made:
        yield made
    failpoints.disarm_all()


async def test_lines_that_are_not_known_to_be_durable_are_not_folded(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin"))
        durable = await house.append(("tea", "berlin"))
        await house.append(("tea", "berlin"))
        await link.sync()
        async with house.link(Patience(1, 0.05)) as hurried:
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


async def test_damage_stops_the_fold_says_so_and_is_got_over_when_it_is_repaired(
    house: House,
) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin"))
        await link.sync()
        frontier = await house.append(("tea", "berlin"))
        [segment] = house.folders.event_log.glob("*.ndjson")
        sound = segment.read_bytes()
        segment.write_bytes(sound.replace(b'"version":2', b'"version":3'))
        house.frontier = frontier
        link.advanced()
        await house.logged("the central view stands still")
        for call in (link.find("tea", 0), link.sync(), link.dead_letters(), link.page("", 1)):
            with pytest.raises(CentralBehind, match=r"stands still: .* checksum does not match"):
                await call
        segment.write_bytes(sound)
        await house.until(lambda: link.status().applied_sequence == 2)
        assert (await link.sync()).applied_sequence == 2
        assert house.events().count("the central view is folded again") == 1
        assert house.events().count("the central view stands still") == 1


async def test_a_record_that_cannot_be_passed_over_stops_the_fold(house: House) -> None:
    async with house.open() as link:
        await house.write(("tea", "berlin", nameless))
        with pytest.raises(CentralBehind, match="Record 1 cannot be folded"):
            await link.sync()
        assert link.status().alive


async def test_a_log_that_was_repaired_is_read_again_from_where_it_is_sound(
    house: House, tmp_path: Path
) -> None:
    with await asyncio.to_thread(House, tmp_path / "sound") as sound:
        await sound.write(("tea", "berlin"))
        async with house.worker():
            async with house.link():
                await house.write(("tea", "berlin", nameless))
                await house.logged("the central view stands still")
            for path in sound.folders.event_log.glob("*.ndjson"):
                copyfile(path, house.folders.event_log / path.name)
            house.frontier = sound.frontier
            async with house.link() as link:
                await house.until(lambda: link.status().applied_sequence == 1)
                assert (await link.find("tea", 0))[0] is not None


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


async def test_a_disk_that_cannot_be_read_is_tried_again(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin"))
        await link.sync()
        for _ in range(39):  # into other segments
            await house.append(("tea", "berlin"))
        frontier = await house.append(("tea", "berlin"))
        aside = house.folders.event_log.rename(house.folders.event_log.with_name("aside"))
        house.frontier = frontier
        link.advanced()
        await house.logged("the central view stands still")
        aside.rename(house.folders.event_log)
        await house.until(lambda: link.status().applied_sequence == 41)
        assert (await link.sync()).applied_sequence == 41


async def test_letters_are_tried_again_each_interval_until_they_are_dead(house: House) -> None:
    async with house.open(interval_s=OFTEN_S) as link:
        await house.write(("tea", "berlin", impossible))
        await link.sync()
        attempts = [1]
        while attempts[-1] < 3:
            attempts.append((await link.dead_letters())[0].attempts)
        assert set(attempts) == {1, 2, 3}
        assert (await link.dead_letters())[0].status == "dead"


async def test_a_decision_that_cannot_be_recorded_is_not_taken(house: House) -> None:
    async with house.open() as link:
        await house.write(("tea", "berlin", impossible))
        await link.sync()

        def fail() -> None:
            raise OSError(28, os.strerror(28))

        failpoints.arm("decisions.fsync", fail)
        with pytest.raises(CentralBehind, match="cannot be recorded now: No space left"):
            await link.discard("1.0", "broken")
        failpoints.disarm_all()
        assert (await link.dead_letters())[0].status == "retrying"
        assert (await link.discard("1.0", "broken")).status == "discarded"


async def test_a_log_that_was_replaced_by_a_shorter_one_is_folded_from_its_start(
    house: House, tmp_path: Path
) -> None:
    async with house.worker():
        async with house.link() as link:
            for _ in range(5):
                await house.write(("tea", "berlin"))
            await link.sync()
        with await asyncio.to_thread(House, tmp_path) as other:
            for path in other.folders.event_log.glob("*.ndjson"):
                path.unlink()
            await other.write(("rice", "berlin"))
            async with other.link() as link:
                rice, applied = await link.find("rice", 1)
                assert rice is not None
                assert applied == 1
                assert await link.find("tea", 0) == (None, 1)


async def test_each_of_several_api_processes_gets_its_answers(house: House) -> None:
    async with house.worker(), house.link() as one, house.link() as two:
        await house.write(("tea", "berlin"))
        await one.sync()
        await two.sync()
        assert await one.find("tea", 1) == await two.find("tea", 1)


async def test_an_api_process_that_sends_nonsense_is_cut_off_and_no_other(house: House) -> None:
    async with house.open() as link:
        await house.logged("connected to the sync worker")
        for nonsense in (b"\0\0\0\2{}", b"\xff\xff\xff\xff"):
            reader, writer = await house.stranger()
            writer.write(nonsense)
            await reader.read()
            writer.close()
            await writer.wait_closed()
        assert house.events().count("an API process cannot be understood") == 2
        await house.write(("tea", "berlin"))
        assert (await link.sync()).applied_sequence == 1


async def test_there_is_a_bound_to_connections(house: House) -> None:
    async with house.worker():
        writers = []
        for _ in range(16):
            reader, writer = await house.stranger()
            assert await reader.read(1)
            writers.append(writer)
        reader, writer = await house.stranger()
        assert await reader.read() == b""
        for open_one in [*writers, writer]:
            open_one.close()


async def test_an_api_process_that_reads_nothing_holds_up_nobody(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = 0
    page = CentralView.page

    def counted(view: CentralView, after: str, limit: int) -> list[CentralStock]:
        nonlocal pages
        pages += 1
        return page(view, after, limit)

    monkeypatch.setattr(CentralView, "page", counted)
    for number in range(200):
        await house.append((f"sku-{number:03}", "berlin"))
    async with house.open() as link:
        await house.write(("tea", "berlin"))
        assert (await link.sync()).applied_sequence == 201
        _, deaf = await house.stranger()
        for number in range(100):
            deaf.write(frame(Ask(number, Page("", 200))))
        for _ in range(300):
            assert (await link.find("tea", 201))[1] == 201
        assert 0 < pages < 100, "more answers wait for it than a few"
        deaf.transport.abort()


async def test_the_api_is_told_when_upkeep_is_done_even_if_it_comes_later(house: House) -> None:
    told = asyncio.Event()
    worked = asyncio.Event()

    async def work() -> None:
        worked.set()

    async def upkept() -> None:
        told.set()

    async with house.worker(upkeep=work):
        async with house.link() as link:
            for _ in range(40):
                await house.write(("tea", "berlin"))
            await link.sync()
            await worked.wait()
        async with house.link(upkept=upkept):
            await told.wait()


async def test_what_upkeep_wrote_and_cannot_be_read_does_not_end_the_link(house: House) -> None:
    async def upkept() -> None:
        raise OSError("the index is gone")

    async with house.worker(), house.link(upkept=upkept) as link:
        for _ in range(40):
            await house.write(("tea", "berlin"))
        await house.logged("what upkeep wrote cannot be read")
        assert (await link.sync()).applied_sequence == 40


async def test_a_worker_ends_though_nobody_ever_told_it_anything(house: House) -> None:
    async with house.worker():
        pass
    assert await house.checkpoint() is None
