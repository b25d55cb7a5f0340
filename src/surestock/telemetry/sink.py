"""Log lines, collected and written in batches by a thread.

A line costs the event loop one append. A reader of the log that stalls costs lines, never
requests: what is waiting is bounded, and what was dropped is told with the next batch.
"""

import asyncio
import os

import anyio.to_thread

_GATHER_S = 0.05
_MOST_WAITING = 200_000


class LineSink:
    """Writes lines to a file descriptor. ``run`` writes them in the background, in order."""

    def __init__(self, descriptor: int, most_waiting: int = _MOST_WAITING) -> None:
        self._descriptor = descriptor
        self._most_waiting = most_waiting
        self._waiting: list[bytes] = []
        self._wanted = asyncio.Event()
        self.dropped = 0

    def append(self, line: bytes) -> None:
        """Take one line, without its line feed; drop it when too many are waiting."""
        waiting = self._waiting
        if not waiting:
            self._wanted.set()
        elif len(waiting) >= self._most_waiting:
            self.dropped += 1
            return
        waiting.append(line)

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._wanted.wait()
            await asyncio.sleep(_GATHER_S)
            lines = self._take()
            try:
                await anyio.to_thread.run_sync(_write_all, self._descriptor, lines)
            except OSError:
                self.dropped += len(lines)

    def flush(self) -> None:
        """Write what is waiting, now. For the end of the process, when nothing is left to block."""
        lines = self._take()
        try:
            _write_all(self._descriptor, lines)
        except OSError:
            self.dropped += len(lines)

    def _take(self) -> list[bytes]:
        lines, self._waiting = self._waiting, []
        self._wanted.clear()
        if self.dropped:
            lines.append(
                b'{"level":"warning","event":"log lines dropped","count":%d}' % self.dropped
            )
            self.dropped = 0
        return lines


def _write_all(descriptor: int, lines: list[bytes]) -> None:
    left = memoryview(b"".join([line + b"\n" for line in lines]))
    while left:
        left = left[os.write(descriptor, left) :]
