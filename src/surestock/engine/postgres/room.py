"""Where commands wait until they are answered."""

import asyncio
from collections import deque
from collections.abc import Iterable

import anyio

from surestock.engine.postgres.waiting import Waiting
from surestock.inventory.unavailable import DatabaseUnavailable, Overloaded
from surestock.kit.clock import Clock
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Envelope, Outcome


class Room:
    """The commands of this process: those that wait, in order, and those that were taken out.

    ``in_flight`` are the ones with an idempotency key, by its digest, until they are answered.
    ``wanted`` is set while somebody waits.
    """

    def __init__(self, clock: Clock, patience_s: float, most: int) -> None:
        self._clock = clock
        self._patience_s = patience_s
        self._most = most
        self._queue: deque[Waiting] = deque()
        self._inside = 0
        self._enough = 0
        self._gathered = asyncio.Event()
        self.in_flight: dict[str, Waiting] = {}
        self.wanted = asyncio.Event()

    def __len__(self) -> int:
        """Return how many are not answered yet."""
        return self._inside

    def enter(self, envelope: Envelope) -> Waiting:
        """Let a command wait. Raises ``Overloaded`` when too many do."""
        if self._inside >= self._most:
            raise Overloaded
        waiting = Waiting(envelope, self._clock.monotonic() + self._patience_s)
        if envelope.idempotency is not None:
            self.in_flight[envelope.idempotency.digest] = waiting
        self._inside += 1
        self._queue.append(waiting)
        self.wanted.set()
        if len(self._queue) >= self._enough:
            self._gathered.set()
        return waiting

    async def gather(self, enough: int, longest_s: float) -> None:
        """Return once ``enough`` wait, or after ``longest_s`` seconds."""
        if len(self._queue) < enough:
            self._enough = enough
            self._gathered.clear()
            with anyio.move_on_after(longest_s):
                await self._gathered.wait()

    def take(self, most: int) -> list[Waiting]:
        """Take up to ``most`` out, oldest first."""
        taken = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        if not self._queue:
            self.wanted.clear()
        return taken

    def put_back(self, taken: Iterable[Waiting]) -> None:
        """Let those that were taken wait again, before all others."""
        self._queue.extendleft(reversed(list(taken)))
        if self._queue:
            self.wanted.set()

    def answer(self, waiting: Waiting, told: Outcome | BaseException) -> None:
        """Answer one that was taken out, unless it was answered before."""
        if waiting.is_answered:
            return
        self._inside -= 1
        key = waiting.envelope.idempotency
        if key is not None and self.in_flight.get(key.digest) is waiting:
            del self.in_flight[key.digest]
        waiting.settle(told)

    def tell_late(self) -> int:
        """Answer those whose time is over, since nothing could be done; return how many."""
        now = self._clock.monotonic()
        late = 0
        while self._queue and self._queue[0].until <= now:
            self.answer(self._queue.popleft(), DatabaseUnavailable())
            late += 1
        return late

    def refuse_all(self, refusal: Unavailable) -> None:
        """Answer all that wait."""
        for waiting in self.take(len(self._queue)):
            self.answer(waiting, refusal)
