"""Bulkheads with a hole, each of a kind that is really written. The attacks must find them."""

from asyncio import CancelledError, get_running_loop

from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth


class LosesTheSlot(Bulkhead):
    """Forgets that a waiter may be cancelled at the moment at which a slot is handed to it."""

    async def enter(self, worth: Worth) -> None:
        if self.try_enter():
            return
        if self.waiting >= self._room[worth]:
            raise BulkheadFull
        loop = get_running_loop()
        queue, waiter = self._queues[worth], loop.create_future()
        queue[waiter] = loop.time() + self._longest_wait_s
        self.waiting += 1
        try:
            await waiter
        except CancelledError:
            if waiter in queue:
                del queue[waiter]
                self.waiting -= 1
            raise


class FreesTwice(Bulkhead):
    """Gives a slot back for every waiter that is cancelled, whether it had one or not."""

    async def enter(self, worth: Worth) -> None:
        waited = not self._free
        try:
            await super().enter(worth)
        except CancelledError:
            if waited:
                self.leave()
            raise


class LetsNewcomersOvertake(Bulkhead):
    """Frees the slot and wakes who is next, who may find it taken."""

    async def enter(self, worth: Worth) -> None:
        while not self.try_enter():
            await super().enter(worth)

    def leave(self) -> None:
        before = self.waiting
        super().leave()
        if self.waiting < before:
            self._free += 1


class LastComeFirstServed(Bulkhead):
    """Hands the slot to the waiter of a worth who came last."""

    def leave(self) -> None:
        for queue in self._most_worth_first:
            if queue:
                queue.move_to_end(next(reversed(queue)), last=False)
        super().leave()


class KnowsNoWorth(Bulkhead):
    """One queue for all."""

    async def enter(self, worth: Worth) -> None:
        self._queues = [self._queues[Worth.LAST]] * len(Worth)
        await super().enter(worth)


class CountsTheGone(Bulkhead):
    """Goes on counting a waiter that was cancelled."""

    async def enter(self, worth: Worth) -> None:
        before = self.waiting
        try:
            await super().enter(worth)
        except CancelledError:
            self.waiting = max(self.waiting, min(self.waiting + 1, before + 1))
            raise


class LetsAnybodyWait(Bulkhead):
    """Knows no bound of the queue."""

    def __init__(self, slots: int, most_waiting: int) -> None:
        super().__init__(slots, most_waiting)
        self._room = [1 << 30] * len(Worth)
