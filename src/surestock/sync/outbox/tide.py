"""How far the view is and how far the log, as an API process sees it, and who waits for the view.

However many wait, they look together: one look each few milliseconds is for all of them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from msgspec import Struct

from surestock.inventory.unavailable import CentralBehind
from surestock.kit.clock import Clock

_LOOK_EVERY_S = 0.02
_OLD_AFTER_S = 5.0


class Tide(Struct, frozen=True):
    """``applied`` is the last record in the view or parked, ``durable`` the last of the log.

    ``is_kept`` tells that a worker was there of late. ``stopped`` is why the next record cannot be
    folded. ``behind_since`` is when it was written, None when there is none or it does not tell.
    """

    applied: int = 0
    opened_letters: int = 0
    open_letters: int = 0
    stopped: str | None = None
    is_kept: bool = False
    durable: int = 0
    behind_since: datetime | None = None


class Watch:
    """Keeps what was seen last. ``look`` asks the database, and may raise ``Unavailable``.

    ``shown`` is the newest sequence that an answer of this process has told. ``went_back`` is told
    of a sequence that was seen, and then of a log that ends before it: the database has lost that.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Tide]],
        clock: Clock,
        went_back: Callable[[int, int], None],
    ) -> None:
        self._look = look
        self._went_back = went_back
        self._clock = clock
        self._looking: asyncio.Future[None] | None = None
        self._seen_at: float | None = None
        self.tide = Tide()
        self.shown = 0

    @property
    def is_alive(self) -> bool:
        """Whether a worker keeps the view, as far as is known now."""
        if self._seen_at is None or self._clock.monotonic() - self._seen_at > _OLD_AFTER_S:
            return False
        return self.tide.is_kept

    @property
    def lag_s(self) -> float:
        """How long ago the oldest record was written that is not in the view, in seconds."""
        since = self.tide.behind_since
        return 0.0 if since is None else max(0.0, (self._clock.now() - since).total_seconds())

    async def look(self) -> Tide:
        """Look now, and return what is seen."""
        known = max(self.shown, self.tide.durable)  # before it is asked: answers may overtake it
        tide = self.tide = await self._look()
        self._seen_at = self._clock.monotonic()
        if tide.durable < known:
            self._went_back(known, tide.durable)
        return tide

    async def reach(self, sequence: int, until: float) -> bool:
        """Wait until the view is seen to hold record ``sequence``; tell whether it is.

        The last look begins before ``until``, by the loop's clock: what is under way is not cut off
        because somebody who waits for something else runs out of time.
        """
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            await self._look_together()
            if self.tide.applied >= sequence or self.tide.stopped is not None:
                break
        return self.tide.applied >= sequence

    def behind(self, wanted: int) -> CentralBehind:
        """Return why the view does not hold record ``wanted``, as far as is known now."""
        tide = self.tide
        if tide.stopped is not None:
            return stands_still(tide.stopped)
        if wanted > tide.durable:
            told = f"The log is at sequence {tide.durable} and has not reached {wanted} yet."
        elif not self.is_alive:
            told = "No sync worker is running, so the central view does not move on."
        else:
            behind = tide.durable - tide.applied
            told = f"The central view is {behind} records behind. Try again in a moment."
        return CentralBehind(told)

    async def _look_together(self) -> None:
        """Have one look with all who wait now, in a moment."""
        if self._looking is not None:
            await asyncio.shield(self._looking)
            return
        looking = self._looking = asyncio.get_running_loop().create_future()
        try:
            await asyncio.sleep(_LOOK_EVERY_S)
            await self.look()
        finally:
            self._looking = None
            looking.set_result(None)


def stands_still(why: str) -> CentralBehind:
    """Return what is told while the next record cannot be folded."""
    return CentralBehind(f"The central view stands still: {why}")
