"""One queue a user for all that talks to the platform: in the order of their coming, and bounded.

A platform loses updates of one cart that come at the same time. Commands about our own cart need no
queue: the engine decides each in one step, whatever the platform is doing.

Where several processes share the carts, whoever's turn it is in one of them also takes a lock that
excludes the others. It has to last for as long as its process does, however long that stands still.
A process may be paused after it recorded that an order is about to be placed, and before it places
it; it goes on whenever it is let. While its turn is kept, nobody else can have found out meanwhile
that there is no order, and given the attempt up. A lease, which passes on by time, would let them:
the order would then be placed beside a second one. The price: a user whose process stands still
has to wait until it goes on, or ends. Over machines a turn may be lost all the same, when nothing
answers for its holder any more: so the holder confirms it before what cannot be taken back.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from surestock.locking import KeyedMutex
from surestock.mirror.across.port import Across
from surestock.mirror.errors import QueueFull


class UserQueue:
    """Lets one in for each user; ``most_waiting`` may wait behind. One event loop uses it.

    With ``across``, one over all processes: those of one process stand in line as ever, and the
    first of them asks for the lock again and again, at growing distances of ``sleep``. None of the
    processes has to come before another. What ``across`` raises is passed on, with nobody in.

    ``refused`` counts those who found no room to wait. A user of whom nobody is in takes no memory.
    """

    def __init__(
        self,
        most_waiting: int,
        across: Across | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if most_waiting < 0:
            raise ValueError(f"{most_waiting} cannot wait")
        self._most_waiting = most_waiting
        self._mutex: KeyedMutex[str] = KeyedMutex()
        self._across = across
        self._sleep = sleep
        self.refused = 0

    @property
    def is_shared(self) -> bool:
        """Whether other processes take turns, too: what was seen in the last one may be old."""
        return self._across is not None

    def __len__(self) -> int:
        """Return of how many users somebody is in, or waits for another process."""
        return len(self._mutex)

    def waiting(self, user_id: str) -> int:
        """Return how many wait for a user's turn in this process."""
        return self._mutex.waiters(user_id)

    @asynccontextmanager
    async def turn(self, user_id: str) -> AsyncIterator[None]:
        """Be the only one of the user for the length of the block, however it ends.

        Raises :class:`QueueFull`. Cancelled while it waits, it leaves nothing behind.
        """
        keys = (user_id,)
        if not self._mutex.try_acquire(keys):
            if self._mutex.waiters(user_id) >= self._most_waiting:
                self.refused += 1
                raise QueueFull(user_id)
            await self._mutex.acquire(keys)
        if self._across is not None:
            await self._lock(self._across, user_id)
        try:
            yield
        finally:
            self._leave(user_id)

    @asynccontextmanager
    async def try_turn(self, user_id: str) -> AsyncIterator[bool]:
        """Be the only one of the user if nobody is in; else run the block with False.

        Never waits for a turn to end. What ``across`` raises is passed on.
        """
        if not await self._try_enter(user_id):
            yield False
            return
        try:
            yield True
        finally:
            self._leave(user_id)

    async def confirm(self, user_id: str) -> None:
        """Raise ``TurnLost`` unless the caller, who has the user's turn, has it still.

        To be called before what must not be done without it, at the platform above all.
        """
        if self._across is not None:
            await self._across.confirm(user_id)

    async def _lock(self, across: Across, user_id: str) -> None:
        """Take the lock, however long that takes; whoever owns the turn here gives it back else."""
        wait_s = across.first_wait_s
        try:
            while not await across.try_lock(user_id):
                await self._sleep(wait_s)
                wait_s = min(2 * wait_s, across.longest_wait_s)
        except BaseException:
            self._mutex.release((user_id,))
            raise

    async def _try_enter(self, user_id: str) -> bool:
        keys = (user_id,)
        if not self._mutex.try_acquire(keys):
            return False
        is_in = False
        try:
            is_in = self._across is None or await self._across.try_lock(user_id)
        finally:
            if not is_in:
                self._mutex.release(keys)
        return is_in

    def _leave(self, user_id: str) -> None:
        try:
            if self._across is not None:
                self._across.unlock(user_id)
        finally:
            self._mutex.release((user_id,))
