"""How late the event loop comes to its appointments: what every request waits for, too.

A sleeper that is woken late tells how long the loop was busy with something else; Prometheus's
histogram of it shows a blocking call that no latency of a route explains.
"""

import asyncio
from collections.abc import Awaitable, Callable

from surestock.telemetry.histogram import Histogram

EVERY_S = 0.1


async def watch_loop_lag(
    lag_s: Histogram,
    monotonic: Callable[[], float],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Observe into ``lag_s`` ten times a second, until cancelled."""
    while True:
        due = monotonic() + EVERY_S
        await sleep(EVERY_S)
        lag_s.observe(max(0.0, monotonic() - due))
