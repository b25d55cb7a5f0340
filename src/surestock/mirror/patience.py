"""Once more, while another process changes the same thing: for records that nobody else repeats.

A client whose command meets the lease of another process is told so at once, and repeats it. What
Surestock records of its own, after the platform has done something, has no such client.
"""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from surestock.inventory.unavailable import LockHeld, LockLost
from surestock.resilience.backoff import waits

_T = TypeVar("_T")

_TRIES = 40
_FIRST_WAIT_S = 0.005
_LONGEST_WAIT_S = 0.2


async def patiently(
    record: Callable[[], Awaitable[_T]], sleep: Callable[[float], Awaitable[None]]
) -> _T:
    """Return what ``record`` does, once no other process stands in its way; for some seconds.

    Raises ``LockHeld`` or ``LockLost`` after that: nothing was recorded then.
    """
    for wait_s in waits(_TRIES, _FIRST_WAIT_S, _LONGEST_WAIT_S):
        try:
            return await record()
        except (LockHeld, LockLost):
            await sleep(wait_s)
    return await record()
