"""A worker's only client, in place of an API: tells it how far a log is durable, and asks.

It speaks the socket's protocol by itself: four bytes of length, the highest first, then JSON.
"""

import asyncio
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

_ANSWERS_S = 120
_LENGTH_BYTES = 4


class WorkerClient:
    """One connection to the worker of a data directory. Opened with ``async with``."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "worker"
        self._asked = 0
        self.progress: dict[str, Any] = {}

    async def __aenter__(self) -> Self:
        # The path may be longer than a socket's may be, so it is named through its folder.
        folder = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._reader, self._writer = await asyncio.open_unix_connection(
                f"/proc/self/fd/{folder}/socket"
            )
        finally:
            os.close(folder)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._writer.transport.abort()

    async def fold_up_to(self, sequence: int, segment: int, end: int) -> dict[str, Any]:
        """Tell how far the log is durable; return the report that covers it, or says why not."""
        frontier = {"sequence": sequence, "segment": segment, "end": end}
        self._send({"type": "told", "frontier": frontier})
        while self.progress.get("applied_sequence") != sequence and not self.progress.get(
            "stopped"
        ):
            await self._receive()
        return self.progress

    async def ask(self, question: str, **about: str | int) -> Any:
        """Return the answer to a question."""
        self._asked += 1
        self._send({"type": "ask", "id": self._asked, "question": {"type": question, **about}})
        while True:
            message = await self._receive()
            if message["type"] in {"answer", "declined"}:
                assert message["id"] == self._asked
                return message.get("value", message)

    def _send(self, message: dict[str, Any]) -> None:
        body = orjson.dumps(message)
        self._writer.write(len(body).to_bytes(_LENGTH_BYTES, "big") + body)

    async def _receive(self) -> dict[str, Any]:
        async with asyncio.timeout(_ANSWERS_S):
            length = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "big")
            message: dict[str, Any] = orjson.loads(await self._reader.readexactly(length))
        if message["type"] == "progress":
            self.progress = message
        return message
