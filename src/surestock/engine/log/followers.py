"""Those who wait for more of the log to become durable."""

from asyncio import AbstractEventLoop, Future


class Followers:
    """Wakes everybody who waits for a sequence, when a later one is durable."""

    def __init__(self) -> None:
        self._waiting: list[Future[None]] = []

    async def next(self, loop: AbstractEventLoop) -> None:
        """Wait until :meth:`wake` is called."""
        waiter = loop.create_future()
        self._waiting.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiting:
                self._waiting.remove(waiter)

    def wake(self) -> None:
        """Wake all who wait now."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)
