"""Uvicorn, without what the process does itself: signals, logging, lifespan."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from surestock.api.app import Surestock
from surestock.runtime.web_protocol import WebProtocol

_BACKLOG = 2048
_DRAIN_S = 20
_KEEP_ALIVE_S = 75


class WebServer(uvicorn.Server):
    """A server that is stopped by ``should_exit`` alone. It calls ``on_listening`` once it does."""

    def __init__(self, app: Surestock, on_listening: Callable[[], None]) -> None:
        self._app = app
        self._on_listening = on_listening
        super().__init__(
            uvicorn.Config(
                app,
                loop="uvloop",
                http=WebProtocol,
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                backlog=_BACKLOG,
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_DRAIN_S,
            )
        )

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
