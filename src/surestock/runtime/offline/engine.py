"""The log engine on a data directory that no server holds, for code without an event loop."""

from asyncio import Runner
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from typing import Self

from surestock.engine.log import LogConfig, LogEngine, LogObserver
from surestock.engine.log.sealed import is_older, sealed_segments
from surestock.journal.scan import LogStart
from surestock.kit.clock import Clock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.runtime.offline.beginning import before_segment, log_beginning
from surestock.runtime.offline.collector import calm_collector
from surestock.runtime.offline.read import records_with


class OfflineEngine:
    """A context manager around an engine: recovered when entered, durable and closed when left.

    ``torn`` is told where a torn tail was set aside, and what was wrong with it. Entering raises
    ``JournalHeld`` when another process has the log, another ``JournalError``, or ``OSError``.
    """

    def __init__(
        self, directory: Path, ttl: timedelta, clock: Clock, torn: Callable[[Path, str], None]
    ) -> None:
        self._ttl = ttl
        self._clock = clock
        self._config = config = LogConfig(directory, idempotency_ttl=ttl)
        self._engine = LogEngine(config, clock, IdSource(), _TornObserver(torn))
        self._runner = Runner()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            opening.enter_context(calm_collector())
            opening.callback(self._runner.close)
            self._runner.run(self._engine.start())
            opening.callback(lambda: self._runner.run(self._engine.close()))
            self._opened = opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def transact_each(self, envelopes: Sequence[Envelope]) -> list[Outcome | Refusal | Unavailable]:
        """Carry out commands that stand alone; return an answer for each once it is durable."""
        return self._runner.run(self._engine.transact_each(envelopes))

    def live_keys(self, prefix: str) -> Iterator[tuple[str, str]]:
        """Yield (key, digest) of what was answered under a key that starts with ``prefix``.

        Left out is what is older than the TTL: that may be carried out again.
        """
        now = self._clock.now()
        start = _before_younger(self._config, now - self._ttl)
        for record in records_with(self._config, f'"key":"{prefix}'.encode(), start):
            key = record.idempotency
            if key is not None and key.key.startswith(prefix) and now - record.ts < self._ttl:
                yield key.key, key.digest


def _before_younger(config: LogConfig, oldest: datetime) -> LogStart:
    """Return what comes before the first segment that holds anything from ``oldest`` on."""
    start = log_beginning(config)
    for sealed in takewhile(lambda it: is_older(config, it, oldest), sealed_segments(config)):
        start = before_segment(config, sealed.last + 1)
    return start


class _TornObserver(LogObserver):
    """Passes on that a torn tail was cut off."""

    def __init__(self, told: Callable[[Path, str], None]) -> None:
        self._told = told

    def torn(self, aside: Path, why: str) -> None:
        """Tell where the tail was set aside, and what was wrong with it."""
        self._told(aside, why)
