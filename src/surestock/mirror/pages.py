"""All documents of a kind, a page at a time: at once, or unhurried, so that nobody notices."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

import anyio

from surestock.inventory.document import Document

_PAGE = 500
_REST_S = 0.025


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


async def unhurried() -> None:
    """Rest for so long that a walk through millions costs a few hundredths of a core."""
    await anyio.sleep(_REST_S)
