"""A clock that stands still while this process does.

A machine that is paused, or has no processor left for its tests, makes everything take longer. That
is the fault of nothing that is tested, so a bound on how long somebody takes is held against this
clock: a thread counts small steps, and a step that took long counts for no more than a step.
"""

import threading
import time
from functools import cache
from typing import Final

_STEP_S: Final = 0.02


def steady_time() -> float:
    """Return the time in seconds, without what this process did not run. Its zero means nothing."""
    return _clock().now()


class _SteadyClock:
    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._never = threading.Event()
        self._stood_s = 0.0
        self._counted = time.monotonic()
        threading.Thread(target=self._count, name="steady clock", daemon=True).start()

    def now(self) -> float:
        """Return the steady time; a step that is late already is not waited for."""
        with self._turn:
            now = time.monotonic()
            return now - self._stood_s - max(0.0, now - self._counted - 2 * _STEP_S)

    def _count(self) -> None:
        while True:
            self._never.wait(_STEP_S)
            with self._turn:
                now = time.monotonic()
                self._stood_s += max(0.0, now - self._counted - 2 * _STEP_S)
                self._counted = now


@cache
def _clock() -> _SteadyClock:
    return _SteadyClock()
