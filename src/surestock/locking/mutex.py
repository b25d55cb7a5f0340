"""One mutex a key, between the coroutines of one event loop.

Ownership is handed over, never put up for grabs: a release gives the key straight to the waiter
who came first, so the key is never free while somebody waits. That is what makes it fair, what
keeps a newcomer from barging in, and what stops the third waiter from slipping past the second.
A key that nobody owns has no entry at all.

Several keys are taken one after the other in sorted order, and every caller sorts alike: so no
two callers can each wait for what the other has.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, Generic, Protocol, TypeAlias, TypeVar


class SortableKey(Protocol):
    """What a key must be: hashable, and ordered among its like. A tuple of strings is."""

    def __hash__(self) -> int:
        """Return the same number for equal keys."""
        ...

    def __lt__(self, other: Any, /) -> bool:  # noqa: ANN401 - a key compares with its like
        """Tell whether this key comes before ``other``."""
        ...


K = TypeVar("K", bound=SortableKey)

_Queue: TypeAlias = OrderedDict[asyncio.Future[None], None]
"""Waiters in the order of their coming; one that gives up leaves in O(1), wherever it stands."""


class KeyedMutex(Generic[K]):
    """Mutual exclusion by key. To be used on one event loop; not safe between threads.

    ``keys`` are always sorted and each stands there once; ``ValueError`` when they are not.
    """

    __slots__ = ("_owned",)

    def __init__(self) -> None:
        self._owned: dict[K, _Queue | None] = {}

    def __len__(self) -> int:
        """Return how many keys are owned. Idle keys take no memory."""
        return len(self._owned)

    def waiters(self, key: K) -> int:
        """Return how many wait for ``key``."""
        return len(self._owned.get(key) or ())

    def try_acquire(self, keys: Sequence[K]) -> bool:
        """Take all of ``keys`` if every one is free, else none. Never waits, never barges in."""
        owned = self._owned
        if len(keys) == 1:
            key = keys[0]
            if key in owned:
                return False
            owned[key] = None
            return True
        _check_order(keys)
        for key in keys:
            if key in owned:
                return False
        for key in keys:
            owned[key] = None
        return True

    async def acquire(self, keys: Sequence[K]) -> None:
        """Take all of ``keys``, waiting for each in turn behind those who came earlier.

        Cancelled while it waits, it leaves nothing behind: what it had goes to the next.
        """
        _check_order(keys)
        taken = 0
        try:
            for key in keys:
                if key in self._owned:
                    await self._turn(key)
                else:
                    self._owned[key] = None
                taken += 1
        except BaseException:
            self.release(keys[:taken])
            raise

    def release(self, keys: Sequence[K]) -> None:
        """Give ``keys`` back: each to its first waiter, or to nobody.

        Raises ``RuntimeError`` for a key that nobody owns.
        """
        for key in keys:
            self._pass_on(key)

    @asynccontextmanager
    async def hold(self, keys: Sequence[K]) -> AsyncIterator[None]:
        """Own ``keys`` for the length of an ``async with`` block, however the block ends."""
        await self.acquire(keys)
        try:
            yield
        finally:
            self.release(keys)

    async def _turn(self, key: K) -> None:
        """Wait until ``key`` is handed over."""
        queue = self._owned[key]
        if queue is None:
            queue = self._owned[key] = OrderedDict()
        turn = asyncio.get_running_loop().create_future()
        queue[turn] = None
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                # Given up at the moment of hand-over: the key is ours, and nobody will use it.
                self._pass_on(key)
            else:
                # A release may have met it already and passed it by.
                queue.pop(turn, None)
            raise

    def _pass_on(self, key: K) -> None:
        try:
            queue = self._owned[key]
        except KeyError:
            msg = f"{key!r} was released, but nobody owns it"
            raise RuntimeError(msg) from None
        while queue:
            turn, _ = queue.popitem(last=False)
            if not turn.done():
                turn.set_result(None)
                return
        del self._owned[key]


def _check_order(keys: Sequence[K]) -> None:
    for one, next_one in pairwise(keys):
        if not one < next_one:
            msg = f"keys must be sorted and each stand once, but {one!r} precedes {next_one!r}"
            raise ValueError(msg)
