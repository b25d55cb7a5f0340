"""What goes wrong stops the fold, is told, and is got over once it is put right."""

import asyncio
import os
from pathlib import Path
from shutil import copyfile

import pytest

from surestock.inventory.unavailable import CentralBehind
from surestock.kit import failpoints
from tests.sync.fold.paper import impossible, nameless
from tests.sync.worker.house import House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
OFTEN_S = 0.01


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
        for call in (
            link.find("tea", 0),
            link.sync(),
            link.dead_letters("", 100),
            link.page("", 1),
        ):
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
        assert (await link.dead_letters("", 100))[0].status == "retrying"
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
