"""Admission: who is let through to the engine, who waits, and who is told to come back later.

In this order: the client's token bucket (429), then load by value, then the bulkhead (503). Only
what has passed the checks of its form gets here, and reads and probes never do.

A refusal is kept back for a moment before it is sent. A client that comes again at once, whatever
Retry-After says, would else spend on refusals what the accepted requests need.
"""

import math
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeAlias

from msgspec import Struct

from surestock.api.errors import RateLimited
from surestock.inventory.unavailable import Overloaded, ShuttingDown
from surestock.resilience.bucket import RateLimit, TokenBucket
from surestock.resilience.buckets import Buckets
from surestock.resilience.bulkhead import Bulkhead, BulkheadFull, Worth
from surestock.resilience.drain import DrainRate
from surestock.resilience.holdback import Holdback
from surestock.telemetry.metrics import Metrics

Headers: TypeAlias = list[tuple[bytes, bytes]]


class AdmissionConfig(Struct, frozen=True):
    """``slots`` mutations at once, ``most_waiting`` behind them; no ``rate``: no limit a client.

    A refusal is kept back for ``hold_s`` seconds at the most. Who would wait longer than
    ``longest_wait_s`` is refused.
    """

    slots: int = 256
    most_waiting: int = 10_000
    rate: RateLimit | None = None
    hold_s: float = 2.0
    longest_wait_s: float = 5.0


class Admission:
    """One bulkhead, and the buckets of the clients that go through it."""

    def __init__(
        self, config: AdmissionConfig, monotonic: Callable[[], float], metrics: Metrics
    ) -> None:
        self._config = config
        self._monotonic = monotonic
        self._metrics = metrics
        self._bulkhead = Bulkhead(config.slots, config.most_waiting, config.longest_wait_s)
        self._buckets = None if config.rate is None else Buckets(config.rate)
        self._policy = b"" if config.rate is None else _policy(config.rate)
        self._is_over = False
        self.drain = DrainRate()
        self._holdback = Holdback(self.drain, config.hold_s)

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return self._bulkhead.waiting

    @property
    def has_room(self) -> bool:
        """Whether a routine change would be let in now, or let wait."""
        return self._bulkhead.has_room(Worth.ROUTINE)

    def try_admit(self) -> bool:
        """Let one through at once, if nothing stands against it; it has to :meth:`leave`."""
        return self._buckets is None and self._bulkhead.try_enter()

    async def admit(self, client: str, worth: Worth, headers: Headers) -> None:
        """Let a request of ``client`` through, when it is its turn; it has to :meth:`leave`.

        Adds to ``headers`` how the client's limit is. Raises :class:`RateLimited`,
        :class:`Overloaded` or, once nobody may wait any more, :class:`ShuttingDown`.
        """
        if self._buckets is not None:
            await self._throttle(client, self._buckets, headers)
        if self._bulkhead.try_enter():
            return
        if self._is_over:
            raise ShuttingDown
        if self.drain.seconds_for(self._bulkhead.ahead_of(worth)) > self._config.longest_wait_s:
            await self._shed(worth)
        try:
            await self._bulkhead.enter(worth)
        except BulkheadFull:
            if self._is_over:
                raise ShuttingDown from None
            await self._shed(worth)

    async def let_by(self, client: str, worth: Worth, headers: Headers) -> None:
        """Let a request through that will wait for somebody else, and so holds no slot meanwhile.

        It is throttled and shed like any other, and waits for its turn; see :meth:`admit`.
        """
        if not self.try_admit():
            await self.admit(client, worth, headers)
        self._bulkhead.leave()

    @asynccontextmanager
    async def place(self, client: str, worth: Worth, headers: Headers) -> AsyncIterator[None]:
        """Be let through for as long as the context lasts; see :meth:`admit`."""
        await self.admit(client, worth, headers)
        try:
            yield
        finally:
            self.leave()

    def turn_away(self) -> None:
        """Let nobody wait any longer: who does is told that the service is shutting down."""
        self._is_over = True
        self._holdback.let_go()
        self._bulkhead.turn_away()

    def leave(self) -> None:
        """Make place for the next one."""
        self.drain.done += 1
        self._bulkhead.leave()

    def charge(self, client: str, rows: int) -> float:
        """Charge a batch for its rows, beyond the first; return the seconds until it is paid."""
        if self._buckets is None or rows <= 1:
            return 0.0
        now = self._monotonic()
        bucket = self._buckets.of(client, now)
        bucket.charge(now, rows - 1)
        return bucket.wait_s(now)

    async def _throttle(self, client: str, buckets: Buckets, headers: Headers) -> None:
        now = self._monotonic()
        bucket = buckets.of(client, now)
        taken = bucket.try_take(now)
        headers += ((b"ratelimit-policy", self._policy), (b"ratelimit", _state(bucket, now)))
        if not taken:
            self._metrics.rate_limited += 1
            wait_s = max(1, math.ceil(bucket.wait_s(now)))
            await self._holdback.hold()
            raise RateLimited(wait_s)

    async def _shed(self, worth: Worth) -> None:
        name = worth.name.lower()
        self._metrics.shed[name] = self._metrics.shed.get(name, 0) + 1
        wait_s = self.drain.retry_after_s(self._bulkhead.ahead_of(worth))
        await self._holdback.hold()
        raise Overloaded(retry_after_s=wait_s)


def _policy(rate: RateLimit) -> bytes:
    window_s = max(1, math.ceil(rate.burst / rate.per_second))
    return b'"default";q=%d;w=%d' % (rate.burst, window_s)


def _state(bucket: TokenBucket, now: float) -> bytes:
    """Return what is left, and in how many seconds all of it is there again.

    Source of both headers: draft-ietf-httpapi-ratelimit-headers-10.
    """
    return b'"default";r=%d;t=%d' % (max(0, bucket.level(now)), math.ceil(bucket.full_in_s(now)))
