"""One queue a user for all that talks to the platform: in the order of their coming, and bounded.

A platform loses updates of one cart that come at the same time. Commands about our own cart need no
queue: the engine decides each in one step, whatever the platform is doing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from surestock.locking import KeyedMutex
from surestock.mirror.errors import QueueFull


class UserQueue:
    """Lets one in for each user; ``most_waiting`` may wait behind. One event loop uses it.

    ``refused`` counts those who found no room to wait. A user of whom nobody is in takes no memory.
    """

    def __init__(self, most_waiting: int) -> None:
        if most_waiting < 0:
            raise ValueError(f"{most_waiting} cannot wait")
        self._most_waiting = most_waiting
        self._mutex: KeyedMutex[str] = KeyedMutex()
        self.refused = 0

    def __len__(self) -> int:
        """Return of how many users somebody is in."""
        return len(self._mutex)

    def waiting(self, user_id: str) -> int:
        """Return how many wait for a user's turn."""
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
        try:
            yield
        finally:
            self._mutex.release(keys)

    @asynccontextmanager
    async def try_turn(self, user_id: str) -> AsyncIterator[bool]:
        """Be the only one of the user if nobody is in; else run the block with False, at once."""
        keys = (user_id,)
        if not self._mutex.try_acquire(keys):
            yield False
            return
        try:
            yield True
        finally:
            self._mutex.release(keys)
