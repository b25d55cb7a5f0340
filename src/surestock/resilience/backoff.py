"""Exponential backoff with full jitter: each wait is drawn evenly from 0 to a doubling bound.

Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: full jitter
spreads retries that failed together, at the least total work.
"""

import secrets
from collections.abc import Callable, Iterator

_RANDOM = secrets.SystemRandom()


def waits(
    times: int, base_s: float, limit_s: float = 2.0, draw: Callable[[], float] = _RANDOM.random
) -> Iterator[float]:
    """Yield ``times`` waits, in seconds; none is longer than ``limit_s``.

    ``draw`` returns a number in [0, 1).
    """
    bound_s = min(limit_s, base_s)
    for _ in range(times):
        yield draw() * bound_s
        bound_s = min(limit_s, bound_s * 2)
