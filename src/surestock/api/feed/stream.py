"""What one reader of the events gets: a page when there is one, a sign of life when there is none.

The next page is asked for when the one before was taken, so a reader never has more than one on
its way, however slow it is.
"""

from collections.abc import Callable

import anyio

from surestock.api.feed.pages import Pages
from surestock.ledger.port import Engine

_BEGIN = b"retry: 1000\n\n"
_ALIVE = b":\n\n"


class EventStream:
    """Chunks of server-sent events with sequences above ``after``, in order and without a gap."""

    def __init__(
        self,
        after: int,
        engine: Engine,
        pages: Pages,
        heartbeat_s: float,
        leave: Callable[["EventStream"], None],
    ) -> None:
        self._after = after
        self._engine = engine
        self._pages = pages
        self._heartbeat_s = heartbeat_s
        self._leave = leave
        self._begun = False
        self._ended = False
        self._waiting: anyio.CancelScope | None = None

    def __aiter__(self) -> "EventStream":
        return self

    async def __anext__(self) -> bytes:
        if self._ended:
            raise StopAsyncIteration
        if not self._begun:
            self._begun = True
            return _BEGIN
        with anyio.move_on_after(self._heartbeat_s) as self._waiting:
            await self._engine.committed_beyond(self._after)
        if self._ended:
            raise StopAsyncIteration
        if self._waiting.cancelled_caught:
            return _ALIVE
        page = await self._pages.holding(self._after)
        text = page.text_after(self._after)
        self._after = page.last
        return text

    def end(self) -> None:
        """Let there be no further chunk."""
        self._ended = True
        if self._waiting is not None:
            self._waiting.cancel()

    async def aclose(self) -> None:
        """Let go of the reader's place."""
        self._leave(self)
