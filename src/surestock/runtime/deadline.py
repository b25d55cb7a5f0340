"""The moment by which a process that was told to end is gone, whatever hangs.

A thread keeps it: the event loop may be what hangs, and at its end Python waits for every worker
thread, also for one that is in the kernel and does not come back.
"""

import os
from collections.abc import Callable
from threading import Event, Thread

_FAILED = 1


class Deadline:
    """``within_s`` seconds, from :meth:`begin` on.

    ``last_words`` is called before a forced end, in any thread; it must be bounded. ``leave`` then
    ends the process with exit code 1.
    """

    def __init__(
        self,
        within_s: float,
        monotonic: Callable[[], float],
        last_words: Callable[[], None],
        leave: Callable[[int], object] = os._exit,
    ) -> None:
        self._within_s = within_s
        self._monotonic = monotonic
        self._last_words = last_words
        self._leave = leave
        self._begun_at: float | None = None

    def begin(self) -> None:
        """Let the time run, unless it does already."""
        if self._begun_at is None:
            self._begun_at = self._monotonic()
            Thread(target=self._keep, name="surestock-deadline", daemon=True).start()

    def left_s(self, share: float = 1.0) -> float:
        """Return how many seconds are left until ``share`` of the time is over, 0 at the least."""
        now = self._monotonic()
        begun_at = now if self._begun_at is None else self._begun_at
        return max(0.0, begun_at + share * self._within_s - now)

    def enforce(self) -> None:
        """End the process here and now, with exit code 1. Nothing that hangs can keep it."""
        try:
            self._last_words()
        finally:
            self._leave(_FAILED)

    def _keep(self) -> None:
        Event().wait(self._within_s)
        self.enforce()
