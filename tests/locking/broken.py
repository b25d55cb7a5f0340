"""Mutexes with a hole, each of a kind that is really written. The promises must tell them apart."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence

from surestock.locking import KeyedMutex


class ChainedFuture(KeyedMutex[str]):
    """The textbook chain: wait once for the owner's promise, then take the key.

    All waiters wait for the same promise, so from the third client on several go in together.
    """

    __slots__ = ("_chain",)

    def __init__(self) -> None:
        super().__init__()
        self._chain: dict[str, asyncio.Future[None]] = {}

    def __len__(self) -> int:
        return len(self._chain)

    def try_acquire(self, keys: Sequence[str]) -> bool:
        if any(key in self._chain for key in keys):
            return False
        for key in keys:
            self._chain[key] = asyncio.get_running_loop().create_future()
        return True

    async def acquire(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key in self._chain:
                await asyncio.shield(self._chain[key])
            self._chain[key] = asyncio.get_running_loop().create_future()

    def release(self, keys: Sequence[str]) -> None:
        for key in keys:
            done = self._chain.pop(key, None)
            if done is not None and not done.done():
                done.set_result(None)


class Barging(KeyedMutex[str]):
    """A release frees the key and only then wakes the first waiter, who finds it taken again."""

    __slots__ = ()

    def _pass_on(self, key: str) -> None:
        queue = self._owned.pop(key)
        while queue:
            turn, _ = queue.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                if queue:
                    self._owned[key] = queue
                return


class LosesTheTurn(KeyedMutex[str]):
    """Forgets that a waiter may be cancelled at the moment at which the key is handed to it."""

    __slots__ = ()

    async def _turn(self, key: str) -> None:
        queue = self._owned[key]
        if queue is None:
            queue = self._owned[key] = OrderedDict()
        turn = asyncio.get_running_loop().create_future()
        queue[turn] = None
        try:
            await turn
        except asyncio.CancelledError:
            queue.pop(turn, None)
            raise


class KeepsTheFirstKey(KeyedMutex[str]):
    """Forgets, when it is cancelled at the second key, that it owns the first."""

    __slots__ = ()

    async def acquire(self, keys: Sequence[str]) -> None:
        for key in keys:
            if not self.try_acquire([key]):
                await self._turn(key)


class WakesTheLast(KeyedMutex[str]):
    """Gives the key to the waiter who came last."""

    __slots__ = ()

    def _pass_on(self, key: str) -> None:
        queue = self._owned[key]
        if queue:
            queue.move_to_end(next(reversed(queue)), last=False)
        super()._pass_on(key)


class KeepsIdleKeys(KeyedMutex[str]):
    """Never forgets a key that it has seen."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[str] = set()

    def __len__(self) -> int:
        return len(self._seen)

    async def acquire(self, keys: Sequence[str]) -> None:
        self._seen.update(keys)
        await super().acquire(keys)
