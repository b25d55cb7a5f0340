"""A bulkhead: so many at once, a bounded queue behind them, and who is worth more goes first.

A slot is handed from the one who leaves to the one who waits, and is never free in between. So
nobody who comes later can take it, and a free slot means that nobody waits.
"""

from asyncio import Future, get_running_loop
from collections import OrderedDict
from enum import IntEnum

from surestock.kit.errors import SurestockError


class Worth(IntEnum):
    """What a request is worth: the lower is shed first."""

    ROUTINE = 0
    SALE = 1
    LAST = 2


_PERCENT = {Worth.ROUTINE: 80, Worth.SALE: 90, Worth.LAST: 100}


class BulkheadFull(SurestockError):
    """There is neither a slot nor room to wait, for what it is worth."""


class Bulkhead:
    """``slots`` may be in at once. ``most_waiting`` may wait; the less worth, the fewer of them.

    One event loop uses it. The shares of the queue are rounded down: where only one may wait, that
    is one of the most worth.
    """

    def __init__(self, slots: int, most_waiting: int) -> None:
        if slots < 1 or most_waiting < 0:
            raise ValueError(f"{slots} slots and {most_waiting} who wait: nobody would get in")
        self._slots = slots
        self._free = slots
        self._room = {worth: most_waiting * _PERCENT[worth] // 100 for worth in Worth}
        self._queues: dict[Worth, OrderedDict[Future[None], None]] = {
            worth: OrderedDict() for worth in sorted(Worth, reverse=True)
        }
        self.waiting = 0

    @property
    def depth(self) -> int:
        """How many are in or wait."""
        return self._slots - self._free + self.waiting

    def has_room(self, worth: Worth) -> bool:
        """Tell whether something of this worth would be let in, or let wait."""
        return self._free > 0 or self.waiting < self._room[worth]

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
        queue = self._queues[worth]
        waiter: Future[None] = get_running_loop().create_future()
        queue[waiter] = None
        self.waiting += 1
        try:
            await waiter
        except BaseException:  # also a coroutine that is closed while it waits
            if waiter in queue:
                del queue[waiter]
                self.waiting -= 1
            elif not waiter.cancelled():
                self.leave()  # it had been handed a slot, which it cannot use any more
            raise

    def leave(self) -> None:
        """Hand the slot to whoever is next, or free it.

        Raises ``RuntimeError`` when nobody was in: more would get in than there are slots.
        """
        if self._free == self._slots:
            raise RuntimeError("somebody left, but nobody was in")
        for queue in self._queues.values():
            while queue:
                waiter, _ = queue.popitem(last=False)
                self.waiting -= 1
                if not waiter.done():
                    waiter.set_result(None)
                    return
        self._free += 1
