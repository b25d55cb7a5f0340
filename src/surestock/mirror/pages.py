"""All documents of a kind, a page at a time: at once, or unhurried, so that nobody notices."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import anyio

from surestock.inventory.document import Document

_PAGE = 500
_LEAST_REST_S = 0.025
_MOST_REST_S = 1.0
_RESTS = 19


class Shelf(Protocol):
    """What keeps the documents."""

    async def list_documents(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        ...


async def pages_of(
    shelf: Shelf, kind: str, rest: Callable[[], Awaitable[None]]
) -> AsyncIterator[list[Document]]:
    """Yield all documents of a kind, and ``rest`` after each page.

    What comes or goes meanwhile may be left out, or be old by the time that it is looked at. Raises
    what the shelf does.
    """
    after = ""
    while page := await shelf.list_documents(kind, after, _PAGE):
        yield page
        after = page[-1].key[1]
        await rest()


class Unhurried:
    """Rests for so long that a walk through millions costs a twentieth of a core at the most.

    Where a page has to be fetched and read, it takes far longer than where it is in memory; and
    every process walks. So a rest is many times as long as the work between it and the last one.
    """

    def __init__(
        self,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        monotonic: Callable[[], float] = anyio.current_time,
    ) -> None:
        self._sleep = sleep
        self._monotonic = monotonic
        self._since = monotonic()

    async def __call__(self) -> None:
        """Rest."""
        worked_s = self._monotonic() - self._since
        await self._sleep(min(max(_LEAST_REST_S, _RESTS * worked_s), _MOST_REST_S))
        self._since = self._monotonic()
