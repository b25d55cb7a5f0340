"""A body of NDJSON as numbered lines, as they arrive: bounded in memory, whatever is sent."""

from collections.abc import AsyncIterator

from surestock.api.call import Call
from surestock.api.errors import ClientGone

MOST_LINE_BYTES = 64 * 1024
MOST_LINES = 1000


class Lines:
    """Splits what arrives into lines. A line over the limit is dropped, and known as ``None``."""

    def __init__(self) -> None:
        self._rest = b""
        self._dropping = False
        self._number = 0

    @property
    def waiting_bytes(self) -> int:
        """The size of the line that has not ended yet, as far as it is kept."""
        return len(self._rest)

    def feed(self, data: bytes) -> list[tuple[int, bytes | None]]:
        """Return the lines that ``data`` ends, numbered from 1; blank ones are left out."""
        *ended, rest = (self._rest + data).split(b"\n")
        lines = [line for ending in ended for line in self._end(ending)]
        if len(rest) > MOST_LINE_BYTES:
            self._dropping = True
            rest = b""
        self._rest = rest
        return lines

    def end(self) -> list[tuple[int, bytes | None]]:
        """Return what is left without a line feed."""
        rest, self._rest = self._rest, b""
        return self._end(rest)

    def _end(self, line: bytes) -> list[tuple[int, bytes | None]]:
        self._number += 1
        if self._dropping or len(line) > MOST_LINE_BYTES:
            self._dropping = False
            return [(self._number, None)]
        return [(self._number, line)] if line.strip() else []


async def arriving(call: Call) -> AsyncIterator[list[tuple[int, bytes | None]]]:
    """Yield the body's lines as they come, at most ``MOST_LINES`` at once.

    Nothing more is read before the consumer asks for more. Raises :class:`ClientGone`, or
    :class:`~surestock.inventory.unavailable.ShuttingDown` when nothing more is waited for.
    """
    lines = Lines()
    more = True
    while more:
        message = await call.service.streams.wait(call.receive)
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)
        ready = lines.feed(message.get("body", b""))
        if not more:
            ready += lines.end()
        for start in range(0, len(ready), MOST_LINES):
            yield ready[start : start + MOST_LINES]
