"""The web server's end: no new connections, an answer to each request that was accepted.

Uvicorn's own shutdown closes connections that are idle at once, and cancels what is not answered
in time, which becomes a 500. Here they stay open for as long as others are being answered, so that
a load balancer can still be told, and a request that just comes in gets an answer; and a request
whose outcome is not known is cut, which says just that.
"""

import asyncio
import socket
from collections.abc import Callable

from surestock.api.app import Surestock
from surestock.inventory.unavailable import ShuttingDown
from surestock.runtime.deadline import Deadline
from surestock.runtime.web.connection import Connection
from surestock.runtime.web.limits import WebLimits
from surestock.runtime.web.server import WebServer
from surestock.telemetry.metrics import Metrics

ARRIVED_BY = 0.1
"""The share of the time until the end in which the rest of a request is waited for."""

ANSWERED_BY = 0.5
"""The share of the time until the end in which requests are waited for, before the flush."""

_LOOK_EVERY_S = 0.01


class DrainingServer(WebServer):
    """Ends with the answers to the requests that it has, as far as ``deadline`` allows."""

    def __init__(
        self,
        app: Surestock,
        on_listening: Callable[[], None],
        deadline: Deadline,
        metrics: Metrics,
        limits: WebLimits,
    ) -> None:
        super().__init__(app, on_listening, metrics, limits)
        self._deadline = deadline

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening; let every connection end, those with a request after its answer."""
        for listener in self.servers:
            listener.close()
        for bound in sockets or []:
            bound.close()
        connections = self.server_state.connections
        accepted = set(self._busy())
        for connection in accepted:
            connection.shutdown()
        await self._until(lambda: accepted.isdisjoint(connections), ARRIVED_BY)
        for connection in self._busy():
            connection.give_up_body(ShuttingDown())
        await self._until(lambda: accepted.isdisjoint(connections), ANSWERED_BY)
        for left in list(connections):
            left.shutdown()
        await self.answered(ANSWERED_BY)

    async def answered(self, share: float) -> int:
        """Wait until every connection has ended, or ``share`` of the time is over, or it hurries.

        Return how many requests have no answer, or not all of it.
        """
        await self._until(lambda: not self.server_state.connections, share)
        return len(self._busy())

    def cut(self) -> None:
        """Drop the connections that are left; their requests end as when a client hangs up."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def _busy(self) -> list[Connection]:
        return [
            connection
            for connection in self.server_state.connections
            if isinstance(connection, Connection)
            and not connection.ending
            and connection.cycle is not None
            and not connection.cycle.response_complete
        ]

    async def _until(self, done: Callable[[], bool], share: float) -> None:
        # Uvicorn tells nobody when a connection has ended.
        while not (done() or self.force_exit or self._deadline.left_s(share) <= 0):  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_EVERY_S)
