"""A reader of the event stream in this process: as fast, as patient and as faithful as a test says.

The client library of the other tests takes answers as a whole, and a stream has no end.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import anyio
import msgspec

from tests.api.desk import Api, scope_of

STREAM = (b"accept", b"text/event-stream")


async def _at_once() -> None:
    """Take what is sent without a delay."""


class Reader:
    """Follows the events until it hangs up. ``pace`` is awaited for each chunk.

    ``items`` are the data of the events, ``ids`` their ids, ``beats`` counts signs of life, and
    ``ended`` tells that the stream came to its end. It hangs up after ``most`` events, if given.
    """

    def __init__(
        self, api: Api, pace: Callable[[], Awaitable[None]] = _at_once, most: int | None = None
    ) -> None:
        self._app = api.app
        self._pace = pace
        self._most = most
        self._gone = anyio.Event()
        self._asked = False
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self.chunks: list[bytes] = []
        self.items: list[dict[str, Any]] = []
        self.ids: list[int] = []
        self.beats = 0
        self.ended = False
        self.aborted = False
        self.heard = anyio.Event()

    async def follow(self, target: bytes = b"/events", *headers: tuple[bytes, bytes]) -> None:
        """Ask, and read until it hangs up or the stream ends."""
        scope = scope_of("GET", target, [STREAM, *headers])
        scope["extensions"] = {"surestock.abort": self._abort}
        await self._app(scope, self._receive, self._send)

    def hang_up(self) -> None:
        """Read no more."""
        self._gone.set()

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait until what was read is as ``done`` wants it."""
        while not done():
            self.heard = anyio.Event()
            await self.heard.wait()

    def _abort(self) -> None:
        self.aborted = True

    async def _receive(self) -> dict[str, Any]:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if self._gone.is_set():
            return
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = dict(message["headers"])
        else:
            await self._pace()
            self.chunks.append(message["body"])
            for event in message["body"].split(b"\n\n")[:-1]:
                self._read(event)
            self.ended = not message.get("more_body", False)
        self.heard.set()

    def _read(self, event: bytes) -> None:
        if self._gone.is_set():
            return
        if event == b":":
            self.beats += 1
            return
        fields = dict(line.split(b": ", 1) for line in event.split(b"\n"))
        if b"data" not in fields:
            return
        assert fields.keys() == {b"id", b"event", b"data"}
        assert fields[b"event"] == b"record"
        self.items.append(msgspec.json.decode(fields[b"data"]))
        self.ids.append(int(fields[b"id"]))
        if len(self.ids) == self._most:
            self.hang_up()
