"""An event loop on a thread of its own: it goes on while the loop under test is busy or stands."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Final

_ANSWER_S: Final = 90


class LoopThread:
    """The thread. Its methods may be called from any other, and ``call`` from itself too."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    @property
    def is_here(self) -> bool:
        """Whether the caller runs on it."""
        return threading.get_ident() == self._thread.ident

    def call(self, function: Callable[[], None]) -> None:
        """Run a function there, and wait for its end."""
        if self.is_here:
            function()
            return

        async def called() -> None:
            function()

        self.begin(called()).result(_ANSWER_S)

    def begin(self, work: Coroutine[Any, Any, None]) -> Future[None]:
        """Run a coroutine there, and don't wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def end(self) -> None:
        """Stop; whoever began something there has ended it."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@contextmanager
def loop_thread() -> Iterator[LoopThread]:
    """Give one while the context lasts."""
    thread = LoopThread()
    try:
        yield thread
    finally:
        thread.end()
