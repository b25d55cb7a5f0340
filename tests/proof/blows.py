"""What the process that places an order suffers: it is killed, or stands still for a while.

It does so before it asks the platform, and after that. It stands still for longer than its leases
last, and for longer than an order may take to turn up.
"""

import asyncio
import itertools
import os
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msgspec import Struct

from tests.proof.hesitant import Placing
from tests.proof.server import Server
from tests.proof.several import Several
from tests.stand_in.stand_in import StandIn
from tests.stand_in.terms import Outcome

SETTLES_S = 1.0
_OVERTAKEN_S = 1.8
_GONE_S = (0.0, 1.0)
_LATER_S = 0.1
_POLL_S = 0.05

Blow: TypeAlias = Literal["none", "kill before", "pause before", "kill after", "pause after"]


class Round(Struct, frozen=True):
    """What becomes of the answer, and of who places."""

    outcome: Outcome
    blow: Blow = "none"


ROUNDS = (
    Round("lose"),
    Round("late", "pause before"),
    Round("slow", "kill after"),
    Round("late"),
    Round("lose", "kill before"),
    Round("slow", "pause after"),
    Round("lose", "pause before"),
    Round("late", "kill after"),
    Round("lose", "pause after"),
)


def rounds_with(blow: Blow, count: int = 12) -> tuple[int, ...]:
    """Return the numbers of the first rounds with a blow."""
    those = (number for number in itertools.count() if ROUNDS[number % len(ROUNDS)].blow == blow)
    return tuple(itertools.islice(those, count))


@dataclass
class Blows:
    """Strikes whoever places next. ``struck`` counts the blows.

    Who stands still before it asks does so for up to ``patience_s`` longer, until another one has
    asked meanwhile. Where that must never happen there is nothing to be patient for.
    """

    several: Several
    platform: StandIn
    placing: Placing
    patience_s: float = 0.0
    struck: Counter[str] = field(default_factory=Counter)

    async def strike(self, blow: Blow, look: Callable[[Server], Awaitable[None]]) -> None:
        """Strike, and let go on; ``look`` around while one stands still that has not asked yet."""
        self.struck[blow] += 1
        if blow == "none":
            return
        known = self.placing.attempts()
        if blow.endswith("before"):
            with self.placing.held():
                _, pid = await self.placing.next(known)
                server = await self._hit(pid, blow)
        else:
            attempt_id, pid = await self.placing.next(known)
            await self._asked(attempt_id)
            await asyncio.sleep(
                self.several.dice.choice((0.0, self.several.dice.random() * _LATER_S))
            )
            server = await self._hit(pid, blow)
        if blow.startswith("kill"):
            await asyncio.sleep(self.several.dice.choice(_GONE_S))
            await asyncio.to_thread(server.start)
        else:
            await asyncio.sleep(_OVERTAKEN_S)
            if blow == "pause before":
                await look(server)
                await self._overtaken(known)
            os.killpg(server.running.pid, signal.SIGCONT)

    async def _overtaken(self, known: dict[str, int]) -> None:
        """Return once the platform was asked for an attempt that is new, or patience is at an end.

        The one that stands still has not asked, so this is another one's.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self.patience_s):
                while not (await self.platform.books()).asked.keys() - known:  # noqa: ASYNC110
                    await asyncio.sleep(_POLL_S)

    async def _asked(self, attempt_id: str) -> None:
        while attempt_id not in (await self.platform.books()).asked:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0)

    async def _hit(self, pid: int, blow: Blow) -> Server:
        servers = self.several.servers
        server = next(it for it in servers if it.is_alive and it.running.pid == pid)
        if blow.startswith("kill"):
            await asyncio.to_thread(server.kill)
        else:
            server.freeze()
        return server
