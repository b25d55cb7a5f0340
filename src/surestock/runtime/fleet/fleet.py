"""The API processes and their sync worker, from the first one's start to the last one's end.

The first API process starts alone: what keeps it from starting is told once, and a log that has to
be repaired is repaired once. When it listens, the others follow, while it serves.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence

from anyio import create_task_group
from anyio.abc import TaskGroup

from surestock.kit.clock import Clock
from surestock.runtime.deadline import Deadline
from surestock.runtime.errors import REFUSED
from surestock.runtime.fleet.board import Board
from surestock.runtime.fleet.member import Member
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.unless import unless
from surestock.runtime.worker_child import WorkerChild
from surestock.telemetry.log import Log

_ANSWERED_BY = 0.85
_KILLED_BY = 0.9
_ENDED_BY = 0.97
_WORKER_ENDS_S = 15.0
_FAILED = 1


class Fleet:
    """Keeps one API process for each of ``slots``, all on ``bound``, and a worker if there is one.

    ``command`` starts an API process, which is told its place by further words. Once told to end,
    all are gone after ``within_s`` seconds; ``last_words`` is called when that takes force, in any
    thread, and must be bounded.
    """

    def __init__(
        self,
        command: Sequence[str],
        slots: int,
        bound: socket.socket,
        worker: WorkerChild | None,
        within_s: float,
        last_words: Callable[[], None],
        clock: Clock,
        log: Log,
    ) -> None:
        self._bound = bound
        self._worker = worker
        self._last_words = last_words
        self._deadline = Deadline(within_s, clock.monotonic, self._give_up)
        self._log = log
        self._ending = asyncio.Event()
        self._hurry = asyncio.Event()
        self._news = asyncio.Event()
        self._board = Board.make(slots)
        self._members = [
            Member(command, Seat(slot, slots), bound, self._board, self._news.set, clock, log)
            for slot in range(slots)
        ]

    def begin_end(self) -> None:
        """End all, after what they have accepted; the second time, without waiting for anything."""
        self._deadline.begin()
        if self._ending.is_set():
            self._hurry.set()
            for member in self._members:
                member.hurry()
        self._ending.set()
        self._news.set()

    async def run(self) -> int:
        """Run until :meth:`begin_end`, or until one cannot start; return the exit code.

        It is 0 when all ended as they should, 1 when one did not, 2 when one could not start.
        """
        async with create_task_group() as tasks:
            await self._start(tasks)
            await self._until(self._is_refused)
            is_refused = self._is_refused()
            await self._end()
            tasks.cancel_scope.cancel()
        self._board.close()
        if is_refused:
            return REFUSED
        return _FAILED if any(member.code for member in self._members) else 0

    def _give_up(self) -> None:
        """Leave nothing behind that hangs."""
        for child in (*self._members, self._worker):
            if child is not None:
                child.kill()
        self._last_words()

    async def _start(self, tasks: TaskGroup) -> None:
        first, *others = self._members
        tasks.start_soon(first.run)
        await self._until(lambda: first.has_listened or first.is_refused)
        if self._ending.is_set() or first.is_refused:
            return
        for member in others:
            tasks.start_soon(member.run)
        if self._worker is not None:
            tasks.start_soon(self._worker.run)

    def _is_refused(self) -> bool:
        return any(member.is_refused for member in self._members)

    async def _until(self, happened: Callable[[], bool]) -> None:
        """Wait until something has happened, or all are to end."""
        while not (happened() or self._ending.is_set()):
            self._news.clear()
            await self._news.wait()

    async def _end(self) -> None:
        """End the API processes, then the worker: so its last sync covers what they did."""
        self._deadline.begin()
        self._bound.close()
        for member in self._members:
            member.begin_end()
        if not await self._have_ended(_ANSWERED_BY):
            for member in self._members:
                member.hurry()
            if not await self._have_ended(_KILLED_BY):
                self._log.error("API processes do not end and are killed")
                for member in self._members:
                    member.kill()
                await self._have_ended(_ENDED_BY)
        if self._worker is not None:
            within_s = min(_WORKER_ENDS_S, self._deadline.left_s(_ENDED_BY))
            await unless(self._hurry, self._worker.end(within_s))

    async def _have_ended(self, share: float) -> bool:
        """Wait until every API process has ended, or ``share`` of the time is over; tell which."""
        left_s = self._deadline.left_s
        return all([await member.has_ended(left_s(share)) for member in self._members])
