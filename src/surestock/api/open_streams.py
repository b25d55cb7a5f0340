"""Streams that clients send without an end: they are told when the process is about to end."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from anyio import CancelScope

from surestock.inventory.unavailable import ShuttingDown

_Given = TypeVar("_Given")


class OpenStreams:
    """What streams wait for, until :meth:`end`."""

    def __init__(self) -> None:
        self._waits: set[CancelScope] = set()
        self._ended = False

    async def wait(self, begin: Callable[[], Awaitable[_Given]]) -> _Given:
        """Return what ``begin`` waits for. Raises :class:`ShuttingDown` when the end comes first.

        Only waiting is given up: what a stream does with what it has, it does to its end.
        """
        if self._ended:
            raise ShuttingDown
        with CancelScope() as scope:
            self._waits.add(scope)
            try:
                return await begin()
            finally:
                self._waits.discard(scope)
        raise ShuttingDown

    def end(self) -> None:
        """Let every stream end where it stands."""
        self._ended = True
        for scope in self._waits:
            scope.cancel()
