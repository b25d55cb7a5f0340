"""What API processes do to a worker: several at once, deaf ones, ones that send nonsense."""

import asyncio

import pytest

from surestock.inventory.central import CentralStock
from surestock.sync import control
from surestock.sync.link import Patience
from surestock.sync.protocol import Ask, Page, frame
from surestock.sync.view import CentralView
from tests.sync.worker.house import House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


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


async def test_there_is_a_bound_to_connections(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_MOST_CONNECTIONS", 16)
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
    told = [asyncio.Event(), asyncio.Event()]

    async def first() -> None:
        told[0].set()

    async def second() -> None:
        told[1].set()

    async with house.worker():
        async with house.link(upkept=first):
            for _ in range(40):
                await house.write(("tea", "berlin"))
            await told[0].wait()
        async with house.link(upkept=second):
            await told[1].wait()


async def test_upkeep_that_nobody_tells_of_is_noticed_all_the_same(house: House) -> None:
    looked = asyncio.Semaphore(0)

    async def upkept() -> None:
        looked.release()

    async with house.link(Patience(upkept_s=0.001), upkept=upkept):
        for _ in range(3):
            await looked.acquire()


async def test_what_upkeep_wrote_and_cannot_be_read_does_not_end_the_link(house: House) -> None:
    async def upkept() -> None:
        raise OSError("the index is gone")

    async with house.worker(), house.link(upkept=upkept) as link:
        for _ in range(40):
            await house.write(("tea", "berlin"))
        await house.logged("what upkeep wrote cannot be read")
        assert (await link.sync()).applied_sequence == 40
