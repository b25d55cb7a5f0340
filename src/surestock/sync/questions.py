"""Questions to the worker that have no answer yet, by their ids: so many, and no more.

A question counts until the worker has answered it or is gone, even when nobody waits for the answer
any more. Otherwise questions would pile up in front of a worker that has stopped.
"""

import asyncio
import itertools

from msgspec import Raw

from surestock.inventory.unavailable import CentralBehind
from surestock.sync.protocol import Answer, Ask, Declined, Question

_MOST = 1024


class NoSuchThing(Exception):
    """The worker does not know what was asked about."""


class WorkerDeclined(Exception):
    """The worker answered that it cannot tell now, and why."""


class Questions:
    """Numbers questions, and brings each answer to who asked."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        self._open: dict[int, asyncio.Future[Raw]] = {}

    def add(self, question: Question) -> tuple[Ask, asyncio.Future[Raw]]:
        """Return the message that asks ``question``, and the future of its answer.

        The future raises :class:`CentralBehind`, :class:`WorkerDeclined` or :class:`NoSuchThing`.
        Raises the first itself when too many questions are open.
        """
        if len(self._open) >= _MOST:
            raise CentralBehind("The sync worker has too many questions to answer. Try again.")
        ask = Ask(next(self._ids), question)
        future = self._open[ask.id] = asyncio.get_running_loop().create_future()
        return ask, future

    def answered(self, message: Answer | Declined) -> None:
        """Settle the question that ``message`` is about."""
        future = self._open.pop(message.id, None)
        if future is None or future.done():
            return
        if isinstance(message, Answer):
            future.set_result(message.value)
        elif message.kind == "missing":
            future.set_exception(NoSuchThing(message.why))
        else:
            future.set_exception(WorkerDeclined(message.why))

    def disconnected(self) -> None:
        """Settle every question: nobody will answer it."""
        for future in self._open.values():
            if not future.done():
                future.set_exception(CentralBehind("The sync worker ended before it answered."))
        self._open.clear()
