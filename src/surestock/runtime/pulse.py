"""The pulse of the event loop: how late it is, and what has to be done four times a second."""

from collections.abc import Awaitable, Callable
from typing import Never

import anyio

from surestock.telemetry.metrics import Metrics

EVERY_S = 0.25


async def pulse(
    metrics: Metrics,
    monotonic: Callable[[], float],
    beat: Callable[[float], None],
    sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
) -> Never:
    """Observe how late each beat came, and tell ``beat`` the seconds since the last; never return.

    Whatever keeps the loop from turning (a long computation, a blocking call) makes it late, and
    all requests with it.
    """
    before = monotonic()
    while True:
        await sleep(EVERY_S)
        now = monotonic()
        elapsed_s, before = now - before, now
        metrics.loop_lag_s.observe(max(0.0, elapsed_s - EVERY_S))
        beat(elapsed_s)
