"""Whether this machine's clock and the database's tell the same time.

Records carry the time of the machine that decided them, and reservations run out by it. Two
machines whose clocks differ would disagree about what has run out; so somebody has to be told.
"""

from contextlib import suppress
from typing import Never

import anyio

from surestock.database import DatabaseConfig, DatabaseError, Lane, named_statements
from surestock.kit.clock import Clock

EVERY_S = 60.0
MOST_S = 1.0

_SQL = named_statements("surestock.runtime.postgres", "clock.sql")


class ClockWatch:
    """Looks now and then; ``ahead_s`` is how far the database's clock was ahead, in seconds."""

    def __init__(self, config: DatabaseConfig, clock: Clock) -> None:
        self._lane = Lane(config)
        self._clock = clock
        self.ahead_s = 0.0

    def warnings(self) -> tuple[str, ...]:
        """Return in words what is amiss with the clocks; nothing when they agree."""
        if abs(self.ahead_s) <= MOST_S:
            return ()
        off = f"{abs(self.ahead_s):.0f} s {'behind' if self.ahead_s > 0 else 'ahead of'}"
        return (f"this machine's clock is {off} the database's: set both by one time server",)

    async def run(self) -> Never:
        """Look once a minute, until cancelled. Without an answer the last one stands."""
        while True:
            with suppress(DatabaseError):  # the engine's breaker tells of it
                await self.look()
            await anyio.sleep(EVERY_S)

    async def look(self) -> None:
        """Compare the clocks; the way there and back counts for nothing.

        Raises a :class:`DatabaseError`.
        """
        async with self._lane.use() as connection:
            before = self._clock.now()
            theirs = await connection.fetchval(_SQL["now"])
            after = self._clock.now()
        await self._lane.close()
        # In between is where the answer was made; so what is farther off than that is a difference.
        if before <= theirs <= after:
            self.ahead_s = 0.0
        else:
            nearest = before if theirs < before else after
            self.ahead_s = (theirs - nearest).total_seconds()
