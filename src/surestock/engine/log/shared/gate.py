"""Where commands wait for a turn at the log: all who wait are let in together, once it begins."""

import asyncio

from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import Unavailable

_STUCK = "Another process has been writing the event log for long. Try again in a moment."


class Gate:
    """Counts who is in a turn. It is shut at first. ``wanted`` is set while somebody waits.

    Whoever waits longer than ``wait_s`` gets ``Overloaded``.
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._inside = 0
        self._is_empty = asyncio.Event()
        self.is_open = False
        self.wanted = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def enter(self) -> None:
        """Enter, as soon as it is open; :meth:`leave` has to follow."""
        if self.is_open:
            self._inside += 1
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiting[waiter] = None
        self.wanted.set()
        try:
            async with asyncio.timeout(self._wait_s):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self.leave()  # given up at the moment of being let in
            if isinstance(error, TimeoutError):
                raise Overloaded(_STUCK) from None
            raise
        finally:
            self._waiting.pop(waiter, None)

    def leave(self) -> None:
        """Leave. With the last who leaves it is shut."""
        self._inside -= 1
        self._shut_if_empty()

    def open(self) -> None:
        """Let in who waits now, and who comes from now on."""
        self.wanted.clear()
        self._is_empty.clear()
        self.is_open = True
        for waiter in self._waiting:
            if not waiter.done():
                self._inside += 1
                waiter.set_result(None)
        self._shut_if_empty()

    def shut(self) -> None:
        """Let nobody else in."""
        self.is_open = False

    def refuse(self, error: Unavailable) -> None:
        """Let those who wait now know that it does not open for them."""
        self.wanted.clear()
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_exception(error)

    async def emptied(self) -> None:
        """Wait until nobody is inside."""
        await self._is_empty.wait()

    def _shut_if_empty(self) -> None:
        if not self._inside:
            self.shut()
            self._is_empty.set()
