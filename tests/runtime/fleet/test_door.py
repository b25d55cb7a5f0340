"""Whoever has the fewest connections takes the next; the others take what is left over."""

import asyncio
import errno
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from surestock.kit.clock import SystemClock
from surestock.runtime.fleet.board import Board
from surestock.runtime.fleet.door import Door
from surestock.telemetry.log import make_log


class Guest(asyncio.Protocol):
    """A connection that was taken, in a set of those of one door."""

    def __init__(self, guests: set["Guest"]) -> None:
        self._guests = guests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._guests.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guests.discard(self)


class House:
    """One address, and any number of doors to it."""

    def __init__(self, bound: socket.socket, board: Board) -> None:
        self.bound = bound
        self.board = board
        self.guests: list[set[Guest]] = []
        self.lines: list[bytes] = []
        self._clients: list[socket.socket] = []

    @asynccontextmanager
    async def door(self) -> AsyncIterator[Door]:
        """Run one more door."""
        guests: set[Guest] = set()
        slot = len(self.guests)
        self.guests.append(guests)
        log = make_log(self.lines.append, SystemClock(), "error")
        bound = self.bound.dup()
        door = Door(bound, self.board, slot, lambda: Guest(guests), lambda: len(guests), log)
        bound.listen()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(door.run())
            try:
                yield door
            finally:
                door.close()
                for guest in list(guests):
                    guest.transport.abort()  # type: ignore[attr-defined]

    async def knock(self, times: int) -> list[int]:
        """Connect so many times; return how many guests each door has, once all are in."""
        before = sum(map(len, self.guests))
        for _ in range(times):
            client = socket.socket()
            self._clients.append(client)
            client.settimeout(0)
            client.connect_ex(self.bound.getsockname())
        while sum(map(len, self.guests)) < before + times:  # noqa: ASYNC110 - a protocol tells nobody
            await asyncio.sleep(0.001)
        return [len(guests) for guests in self.guests]

    def leave(self) -> None:
        for client in self._clients:
            client.close()


@pytest.fixture
def house() -> Iterator[House]:
    board = Board.make(3)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        house = House(bound, board)
        yield house
        house.leave()
    board.close()


@pytest.mark.parametrize("at_once", [1, 30])
async def test_connections_are_spread_evenly(house: House, at_once: int) -> None:
    async with house.door(), house.door(), house.door():
        for _ in range(30 // at_once):
            await house.knock(at_once)
        shares = await house.knock(0)
        for _ in range(3):
            if max(shares) - min(shares) > 1:  # a loop that stood still leaves one to the others
                shares = await house.knock(3)
        assert max(shares) - min(shares) <= 1


async def test_what_nobody_takes_who_has_fewer_is_taken_by_who_has_more(house: House) -> None:
    async with house.door():
        house.board.tell(1, 0)  # somebody with no connection, who never comes
        house.board.tell(2, 0)
        assert await house.knock(5) == [5]


async def test_a_door_that_was_closed_is_not_waited_for(house: House) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(house.door())
        await stack.enter_async_context(house.door())
        first.close()
        assert house.board.has_fewest(1)
        assert await house.knock(5) == [0, 5]


async def test_a_process_without_room_for_a_connection_says_so_and_tries_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([OSError(errno.EMFILE, "Too many open files")])
    accept = socket.socket.accept

    def accept_later(bound: socket.socket) -> tuple[socket.socket, object]:
        for failure in failures:
            raise failure
        return accept(bound)

    monkeypatch.setattr(socket.socket, "accept", accept_later)
    async with house.door():
        assert await house.knock(2) == [2]
    assert len(house.lines) == 1
    assert b"Too many open files" in house.lines[0]


def test_a_board_knows_who_has_the_fewest() -> None:
    board = Board.make(3)
    board.tell(1, 7)
    assert [board.has_fewest(slot) for slot in range(3)] == [False, True, False]
    other = Board(os.dup(board.descriptor), 3)
    other.tell(0, 6)
    assert [board.has_fewest(slot) for slot in range(3)] == [True, False, False]
    other.leave(0)
    other.close()
    assert [board.has_fewest(slot) for slot in range(3)] == [False, True, False]
    board.close()
