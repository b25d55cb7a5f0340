"""A command that waits for its batch, and whoever waits for its answer."""

from asyncio import Future, get_running_loop

from surestock.kit.errors import SurestockError
from surestock.ledger.port import Envelope, Outcome


class Waiting:
    """A command between its coming and its answer.

    ``until`` is the monotonic time after which it is not tried again. Each who waits for the answer
    has a future of its own, so that one who hangs up takes nothing from the others.
    """

    __slots__ = ("_told", "_waiters", "envelope", "until")

    def __init__(self, envelope: Envelope, until: float) -> None:
        self.envelope = envelope
        self.until = until
        self._told: Outcome | BaseException | None = None
        self._waiters: list[Future[None]] = []

    @property
    def is_answered(self) -> bool:
        """Whether the answer is known."""
        return self._told is not None

    async def answer(self) -> Outcome:
        """Wait for the answer. Return the outcome, or raise what came of it instead."""
        if self._told is None:
            waiter = get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        told = self._told
        if isinstance(told, Outcome):
            return told
        assert told is not None
        raise told.with_traceback(None) if isinstance(told, SurestockError) else told

    def settle(self, told: Outcome | BaseException) -> None:
        """Make the answer known: an outcome, a refusal, an ``Unavailable``, or a defect."""
        if self._told is not None:
            msg = "a command was answered twice"
            raise AssertionError(msg)
        self._told = told
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()
