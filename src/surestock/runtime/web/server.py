"""Uvicorn, without what the process does itself: signals, logging, lifespan, patience."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import uvicorn

from surestock.api.app import Surestock
from surestock.runtime.web.connections import Connections
from surestock.runtime.web.limits import WebLimits
from surestock.runtime.web.protocol import WebProtocol
from surestock.telemetry.metrics import Metrics

_BACKLOG = 2048
_DRAIN_S = 20


class WebServer(uvicorn.Server):
    """A server that is stopped by ``should_exit`` alone. It calls ``on_listening`` once it does."""

    def __init__(
        self,
        app: Surestock,
        on_listening: Callable[[], None],
        metrics: Metrics | None = None,
        limits: WebLimits | None = None,
    ) -> None:
        self._app = app
        self._on_listening = on_listening
        self._connections = Connections(limits or WebLimits(), metrics or Metrics())
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=partial(WebProtocol, self._connections),  # type: ignore[arg-type]  # is called
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop, and never wait for a client for longer than the limits."""
        deadlines = self._connections.deadlines
        deadlines.start(asyncio.get_running_loop())
        try:
            await super().serve(sockets)
        finally:
            deadlines.stop()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and tell."""
        await super().startup(sockets)
        self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what has no end of its own, then wait for the other answers."""
        self._app.end_streams()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the supervisor, which ends the engine after the last answer."""
        yield
