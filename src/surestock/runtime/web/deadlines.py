"""Which connections are late, without a timer for each.

A connection is in at most one phase of reading, and a phase lasts equally long for all. So the
order of entering a phase, which a ``dict`` keeps, is the order of being late in it; one timer looks
at the oldest of each, about twice a second. A request that comes at once costs two entries in
dictionaries, which is less than the timer that it replaces.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from surestock.runtime.web.limits import WebLimits

# Of a crowd, so many are told at once, or so that it takes about so many looks, this far apart.
_FEW: Final = 8
_LOOKS: Final = 64
_SOON_S: Final = 0.005


class Held(Protocol):
    """A connection, as far as it can be late or have to go."""

    def late(self, phase: "Phase") -> None:
        """End, or enter a phase anew."""
        ...

    def give_way(self) -> None:
        """Close at once: another needs the place."""
        ...


class Phase(dict[Held, float]):
    """Connections that are in a phase, and when they entered it; the oldest comes first."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def oldest(self) -> Held | None:
        """Return who has been in it the longest, if anybody is."""
        return next(iter(self), None)


class Deadlines:
    """The phases, and the timer. ``now`` tells seconds that never run backwards."""

    def __init__(self, limits: WebLimits) -> None:
        self.now: Callable[[], float] = lambda: 0.0
        self.head = Phase(limits.head_s)
        self.body = Phase(limits.body_s)
        self.long_body = Phase(limits.look_every_s)
        """A body that has taken longer than ``body_s``: looked at every time."""
        self.unwanted = Phase(limits.linger_s)
        """The rest of a body whose request is answered."""
        self.idle = Phase(limits.idle_s)
        self.stalled = Phase(limits.stalled_s)
        """The client does not take what was sent; it may be in a phase of reading, too."""
        self.ending = Phase(limits.linger_s)
        self._phases = (
            self.head,
            self.body,
            self.long_body,
            self.unwanted,
            self.idle,
            self.stalled,
            self.ending,
        )
        self._every_s = limits.look_every_s
        self._looked = 0.0
        self._waived = False
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look from now on, by the loop's clock."""
        self.now = loop.time
        self._looked = self.now()
        self._arm(loop, self._every_s)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._tick, loop)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        # Armed first: whatever comes of telling, there is a next time.
        self._arm(loop, self._every_s)
        if self.look():
            self.stop()
            self._arm(loop, _SOON_S)

    def look(self) -> bool:
        """Tell those that are late, some at a time; return whether there are more.

        A crowd that came together is late together, and others need the loop meanwhile.

        When the loop itself was held up, nobody is until the next time: what arrived meanwhile has
        not been read yet.
        """
        now = self.now()
        held_up = now - self._looked > 2 * self._every_s
        self._looked = now
        self._waived = held_up and not self._waived
        if self._waived:
            return False
        more = False
        for phase in self._phases:
            since = now - phase.seconds
            late: list[Held] = []
            most = max(_FEW, len(phase) // _LOOKS)
            for connection, entered in phase.items():
                if entered > since:
                    break
                if len(late) == most:
                    more = True
                    break
                late.append(connection)
            for connection in late:
                # One that is told may end another.
                if phase.pop(connection, None) is not None:
                    connection.late(phase)
        return more
