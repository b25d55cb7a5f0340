"""Whether the log takes on anything: not after a sync failed, not while its breaker is open.

A full disk makes each write fail, after all its retries, so each command would wait for them in
vain. After some such batches in a row nothing more is decided, until a probe has found out that the
log can grow again. A task of its own sends the probes: no client need try his luck, and none pays.

A failed fdatasync is another matter: nobody knows what the disk holds then, so it is final.
"""

import asyncio
from collections.abc import Awaitable, Callable

from surestock.engine.log.config import LogObserver
from surestock.inventory.unavailable import ReadOnly
from surestock.journal.errors import WriteFailed
from surestock.kit.clock import Clock
from surestock.resilience.breaker import BreakerConfig, BreakerState, CircuitBreaker

_LOOKS_A_COOLDOWN = 50
_LONGEST_LOOK_S = 0.1

Probe = Callable[[], Awaitable[BaseException | None]]
"""Returns why the log cannot grow, or None when it can."""


class Health:
    """The breaker on the log, and the one failure that is final."""

    def __init__(self, config: BreakerConfig, clock: Clock, observer: LogObserver) -> None:
        self._config = config
        self._observer = observer
        self._breaker = CircuitBreaker(config, clock.monotonic, self._changed)
        self._changes = asyncio.Event()
        self._failure: asyncio.Future[BaseException] | None = None
        self._why = ""

    def started(self, loop: asyncio.AbstractEventLoop, torn: str | None) -> None:
        """Take commands on from now on; if a tail is left to repair, only once that is done."""
        self._failure = loop.create_future()
        while torn is not None and self._breaker.state is BreakerState.CLOSED:
            self._wrote_not(f"the log ends in a torn tail that has to be set aside: {torn}")

    def check(self) -> None:
        """Raise :class:`ReadOnly` when nothing may be decided."""
        if self._failure is None or self._failure.done():
            raise ReadOnly
        if self._breaker.state is not BreakerState.CLOSED:
            raise ReadOnly(self._breaker.retry_after_s())

    def wrote(self) -> None:
        """Take note of a durable batch."""
        self._breaker.succeeded()

    def failed(self, error: BaseException) -> None:
        """Take note of a batch that is not durable. What is no failed write is final."""
        if isinstance(error, WriteFailed):
            self._wrote_not(str(error))
        elif self._failure is not None and not self._failure.done():
            self._failure.set_result(error)

    async def final(self) -> BaseException:
        """Wait until the log can no longer be trusted; return why."""
        if self._failure is None:
            msg = "the engine has not been started"
            raise AssertionError(msg)
        return await asyncio.shield(self._failure)

    @property
    def breaker(self) -> BreakerState:
        """The state of the breaker on the log."""
        return self._breaker.state

    def reasons(self) -> list[str]:
        """Return in words why nothing is taken on, and what happens next; empty when it is."""
        if self._failure is None or self._failure.done():
            return ["the event log is not trusted to be durable any more: the process ends"]
        if self._breaker.state is BreakerState.CLOSED:
            return []
        every = f"every {self._config.cooldown_s:g} s"
        return [f"{self._why}; it is tried {every} and used again once that works"]

    async def keep(self, probe: Probe) -> None:
        """Close the breaker again each time that it opens, until cancelled."""
        look_s = min(self._config.cooldown_s / _LOOKS_A_COOLDOWN, _LONGEST_LOOK_S)
        while True:
            self._changes.clear()
            if self._breaker.try_probe():
                await self._probe(probe)
            elif self._breaker.state is BreakerState.CLOSED:
                await self._changes.wait()
            else:
                await asyncio.sleep(look_s)

    async def _probe(self, probe: Probe) -> None:
        try:
            error = await probe()
        except BaseException:
            self._breaker.failed()  # cancelled: nobody knows, so it is not closed
            raise
        if error is None:
            self._breaker.succeeded()
        elif isinstance(error, OSError):
            self._wrote_not(f"the event log has no room to grow: {error.strerror or error}")
        else:
            self.failed(error)
            if not isinstance(error, WriteFailed):
                self._breaker.failed()

    def _wrote_not(self, why: str) -> None:
        self._why = why
        self._breaker.failed()

    def _changed(self, state: BreakerState) -> None:
        self._changes.set()
        self._observer.breaker(state, self._breaker.openings)
