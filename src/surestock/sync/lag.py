"""How far the worker is behind the log, as an API process sees it, and who waits for it.

The log moves thousands of times a second, so moving costs next to nothing: while the worker has
something to do it is not told of more, and the clock is read once for each time it falls behind.
"""

import asyncio
from collections.abc import Callable

from surestock.inventory.unavailable import CentralBehind
from surestock.journal.position import Frontier
from surestock.kit.clock import Clock
from surestock.sync.protocol import Progress

_NOTHING_YET = Progress(0, 0, 0, 0)
_MOST_WAITING = 1024


class Lag:
    """Compares what is durable with what the worker reports. ``frontier`` tells the former.

    ``fell_behind`` is called when there is something to tell the worker. ``shown`` is the newest
    sequence that any answer may have told: later answers do not fall back behind it.
    """

    def __init__(
        self, frontier: Callable[[], Frontier | None], clock: Clock, fell_behind: Callable[[], None]
    ) -> None:
        self._frontier = frontier
        self._clock = clock
        self._fell_behind = fell_behind
        self._even = True
        self._behind_since = 0.0
        self._told: Frontier | None = None
        self._told_at = 0.0
        self._waiting: dict[asyncio.Future[None], int] = {}
        self.progress = _NOTHING_YET
        self.shown = 0

    @property
    def durable(self) -> int:
        """The last durable record of the log."""
        frontier = self._frontier()
        return 0 if frontier is None else frontier.sequence

    @property
    def events(self) -> int:
        """How many durable records the worker has not folded, as far as is known."""
        return max(0, self.durable - self.progress.applied_sequence)

    @property
    def seconds(self) -> float:
        """How long the worker has been behind."""
        return 0.0 if self._even else self._clock.monotonic() - self._behind_since

    @property
    def is_awaited(self) -> bool:
        """Tell whether anybody waits for the worker to come further."""
        return bool(self._waiting)

    def advanced(self) -> None:
        """Take note that the log moved on."""
        if self._even:
            self._even = False
            self._behind_since = self._clock.monotonic()
            self._fell_behind()

    def next_to_tell(self) -> Frontier | None:
        """Return what the worker is to be told now; None while it works on what it knows."""
        frontier = self._frontier()
        if frontier is None or self._told is not None:
            return None
        self._told, self._told_at = frontier, self._clock.monotonic()
        return frontier

    def connected(self) -> None:
        """Let no answer be older than the log is now: a worker begins at a snapshot."""
        self.shown = max(self.shown, self.durable)

    def disconnected(self) -> None:
        """Forget what a worker was told that is gone."""
        self._told = None

    def reported(self, progress: Progress) -> None:
        """Take a worker's report, and wake who waited for it."""
        self.progress = progress
        now, durable = self._clock.monotonic(), self.durable
        self.shown = max(self.shown, min(progress.applied_sequence, durable))
        if self._told is not None and progress.applied_sequence >= self._told.sequence:
            # Whatever is not folded yet became durable after that was told.
            self._told, self._behind_since = None, self._told_at
        elif self._even:
            self._behind_since = now
        self._even = progress.applied_sequence >= durable
        for future, sequence in self._waiting.items():
            if future.done():
                continue
            if progress.stopped is not None:
                future.set_exception(CentralBehind(progress.stopped))
            elif progress.applied_sequence >= sequence:
                future.set_result(None)
        if not self._even and self._told is None:
            self._fell_behind()

    async def reach(self, sequence: int) -> None:
        """Wait until the view holds record ``sequence``. The caller bounds the time.

        Raises :class:`CentralBehind` when the worker folds nothing now, or too many wait.
        """
        if self.progress.stopped is not None:
            raise CentralBehind(self.progress.stopped)
        if self.progress.applied_sequence >= sequence:
            return
        if len(self._waiting) >= _MOST_WAITING:
            raise CentralBehind("Too many requests wait for the central view. Try again.")
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = sequence
        try:
            await future
        finally:
            del self._waiting[future]
