"""A bulkhead: so many at once, a bounded queue behind them, and who is worth more goes first.

A slot is handed from the one who leaves to the one who waits, and is never free in between. So
nobody who comes later can take it, and a free slot means that nobody waits.

Whoever is worth less may never have a turn while others keep coming. So nobody waits for longer
than a set time: who is told to come back later is served better than who hears nothing.
"""

import math
from asyncio import Future, TimerHandle, get_running_loop
from collections import OrderedDict
from enum import IntEnum

from surestock.kit.errors import SurestockError


class Worth(IntEnum):
    """What a request is worth: the lower is shed first."""

    ROUTINE = 0
    SALE = 1
    LAST = 2


_PERCENT = {Worth.ROUTINE: 80, Worth.SALE: 90, Worth.LAST: 100}


_LONGEST_WAIT_S = 5.0


class BulkheadFull(SurestockError):
    """There is neither a slot nor room to wait, for what it is worth; or it waited for too long."""


class Bulkhead:
    """``slots`` may be in at once. ``most_waiting`` may wait; the less worth, the fewer of them.

    One event loop uses it. The shares of the queue are rounded down: where only one may wait, that
    is one of the most worth. Nobody waits for longer than ``longest_wait_s``.
    """

    def __init__(
        self, slots: int, most_waiting: int, longest_wait_s: float = _LONGEST_WAIT_S
    ) -> None:
        if slots < 1 or most_waiting < 0:
            raise ValueError(f"{slots} slots and {most_waiting} who wait: nobody would get in")
        self._slots = slots
        self._free = slots
        self._longest_wait_s = longest_wait_s
        self._room = [most_waiting * _PERCENT[worth] // 100 for worth in Worth]
        # Of each waiter, until when it waits. Its result tells whether it was handed a slot.
        # A worth is an index: as the key of a dict it would be hashed in Python, at each step.
        self._queues: list[OrderedDict[Future[bool], float]] = [OrderedDict() for _ in Worth]
        self._most_worth_first = self._queues[::-1]
        self._timer: TimerHandle | None = None
        self.waiting = 0

    @property
    def depth(self) -> int:
        """How many are in or wait."""
        return self._slots - self._free + self.waiting

    def has_room(self, worth: Worth) -> bool:
        """Tell whether something of this worth would be let in, or let wait."""
        return self._free > 0 or self.waiting < self._room[worth]

    def ahead_of(self, worth: Worth) -> int:
        """Return how many of those who wait now would go before a newcomer of this worth."""
        ahead = 0
        for queue in self._queues[worth:]:
            ahead += len(queue)
        return ahead

    def try_enter(self) -> bool:
        """Take a free slot, if there is one; whoever got True has to :meth:`leave`."""
        if not self._free:
            return False
        self._free -= 1
        return True

    async def enter(self, worth: Worth) -> None:
        """Wait for a slot; whoever comes back has to :meth:`leave`. Raises :class:`BulkheadFull`.

        Cancelled while it waits, it leaves nothing behind: a slot that it had goes to the next.
        """
        if self.try_enter():
            return
        if self.waiting >= self._room[worth]:
            raise BulkheadFull
        loop = get_running_loop()
        queue = self._queues[worth]
        waiter: Future[bool] = loop.create_future()
        queue[waiter] = loop.time() + self._longest_wait_s
        self.waiting += 1
        if self._timer is None:
            self._timer = loop.call_at(queue[waiter], self._dismiss)
        try:
            has_slot = await waiter
        except BaseException:  # also a coroutine that is closed while it waits
            if waiter in queue:
                del queue[waiter]
                self.waiting -= 1
            elif not waiter.cancelled() and waiter.result():
                self.leave()  # it had been handed a slot, which it cannot use any more
            raise
        if not has_slot:
            raise BulkheadFull

    def leave(self) -> None:
        """Hand the slot to whoever is next, or free it.

        Raises ``RuntimeError`` when nobody was in: more would get in than there are slots.
        """
        if self._free == self._slots:
            raise RuntimeError("somebody left, but nobody was in")
        for queue in self._most_worth_first:
            while queue:
                waiter, _ = queue.popitem(last=False)
                self.waiting -= 1
                if not waiter.done():
                    waiter.set_result(True)
                    return
        self._free += 1

    def turn_away(self) -> None:
        """Raise :class:`BulkheadFull` in all who wait now."""
        for queue in self._most_worth_first:
            while queue:
                waiter, _ = queue.popitem(last=False)
                self.waiting -= 1
                if not waiter.done():
                    waiter.set_result(False)

    def _dismiss(self) -> None:
        """Tell those who have waited long enough, and come back when the next one has.

        The first of each queue has waited the longest, so one timer does for all.
        """
        loop = get_running_loop()
        now, next_at = loop.time(), math.inf
        for queue in self._most_worth_first:
            while queue:
                waiter, until = next(iter(queue.items()))
                if until > now:
                    next_at = min(next_at, until)
                    break
                del queue[waiter]
                self.waiting -= 1
                if not waiter.done():
                    waiter.set_result(False)
        self._timer = None if next_at == math.inf else loop.call_at(next_at, self._dismiss)
