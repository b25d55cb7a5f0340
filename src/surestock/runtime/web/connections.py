"""All connections of the server: how many there are, and who goes when there are too many."""

from itertools import chain

from surestock.kit.ids import IdSource
from surestock.runtime.web.deadlines import Deadlines, Held
from surestock.runtime.web.limits import WebLimits
from surestock.telemetry.metrics import Metrics

REASONS = (
    *("idle", "slow_head", "slow_body", "slow_reader", "head_too_large", "malformed"),
    *("pipelined", "too_many", "ending"),
)
"""Why a connection may be ended from this side."""


class Connections:
    """What connections share. ``room`` counts each from its begin until it is closed or told to go.

    A place is taken by whom the service knows to be doing nothing with it. So whoever opens
    connections, to leave them idle, to send half a request on each, or to hold back the rest of one
    that was answered, does not keep others out.
    """

    def __init__(self, limits: WebLimits, metrics: Metrics) -> None:
        self.limits = limits
        self.deadlines = Deadlines(limits)
        self.request_ids = IdSource()
        self._metrics = metrics
        self._open: set[Held] = set()

    def admit(self, connection: Held) -> bool:
        """Give the connection a place; return False when there is none."""
        if len(self._open) >= self.limits.connections and not self._make_room():
            return False
        self._open.add(connection)
        self._metrics.connections = len(self._open)
        return True

    def forget(self, connection: Held) -> None:
        """Free its place, if it has one."""
        self._open.discard(connection)
        self._metrics.connections = len(self._open)

    def count_end(self, reason: str) -> None:
        """Count a connection that is ended from this side, for a reason."""
        ended = self._metrics.connections_ended
        ended[reason] = ended.get(reason, 0) + 1

    @property
    def can_refuse(self) -> bool:
        """Whether one more can be told that there is no place: that takes one for a while."""
        return len(self.deadlines.ending) < self.limits.spare_connections

    def _make_room(self) -> bool:
        deadlines = self.deadlines
        resting = chain(deadlines.idle, deadlines.unwanted, deadlines.ending)
        # One that is only being refused has no place to give.
        oldest = next((found for found in resting if found in self._open), None)
        if oldest is None:
            oldest = deadlines.head.oldest()
            grown = deadlines.now() - self.limits.opening_s
            if oldest is None or deadlines.head[oldest] > grown:
                return False
        oldest.give_way()
        return True
