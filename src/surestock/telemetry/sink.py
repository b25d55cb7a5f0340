"""Log lines, collected and written in batches by a thread of their own.

A line costs the event loop one append. A reader of the log that stalls costs lines, never
requests, and never the end of the process: what is waiting is bounded, what was dropped is told
with the next batch, and the last lines have a few seconds to be taken.
"""

import asyncio
import os
from collections.abc import Iterator
from queue import SimpleQueue
from select import PIPE_BUF
from threading import Event, Thread, get_ident

_GATHER_S = 0.05
_LAST_LINES_S = 2.0
_MOST_WAITING = 200_000


class LineSink:
    """Writes lines to a file descriptor. ``run`` hands them to the thread, in order.

    ``shared``: other processes write to it as well. Then no write is larger than what a pipe takes
    in one piece (POSIX, ``PIPE_BUF``), so that no line is torn, but one that is longer than that.
    """

    def __init__(
        self, descriptor: int, most_waiting: int = _MOST_WAITING, *, shared: bool = False
    ) -> None:
        self._descriptor = descriptor
        self._pieces = _in_small_pieces if shared else _in_one_piece
        self._most_waiting = most_waiting
        self._waiting: list[bytes] = []
        self._wanted = asyncio.Event()
        self._handed: SimpleQueue[list[bytes]] = SimpleQueue()
        self._idle = Event()
        self._idle.set()
        self._thread: Thread | None = None
        self._owner = get_ident()
        self._loop: asyncio.AbstractEventLoop | None = None
        # Each number is counted by one thread only.
        self._refused = 0
        self._unwritten = 0
        self._told = 0

    @property
    def lost(self) -> int:
        """Lines that were dropped since the start: it never goes down."""
        return self._refused + self._unwritten

    @property
    def dropped(self) -> int:
        """Lines that were dropped, and of which the log does not tell yet."""
        return self.lost - self._told

    def append(self, line: bytes) -> None:
        """Take one line, without its line feed; drop it when too many are waiting.

        It may be called in any thread: a library's, too, may have something to say.
        """
        loop = self._loop
        if loop is not None and get_ident() != self._owner:
            loop.call_soon_threadsafe(self.append, line)
            return
        waiting = self._waiting
        if not waiting:
            self._wanted.set()
        elif len(waiting) >= self._most_waiting:
            self._refused += 1
            return
        waiting.append(line)

    async def run(self) -> None:
        """Have written what comes, until cancelled."""
        self._loop, self._owner = asyncio.get_running_loop(), get_ident()
        try:
            while True:
                await self._wanted.wait()
                await asyncio.sleep(_GATHER_S)
                if self._idle.is_set():
                    self._hand_over()
        finally:
            self._loop = None

    def flush(self) -> None:
        """Have written what is waiting, or give up after a few seconds: for the process's end."""
        if self._idle.wait(_LAST_LINES_S):
            self._hand_over()
            self._idle.wait(_LAST_LINES_S)

    def _hand_over(self) -> None:
        lines, self._waiting = self._waiting, []
        self._wanted.clear()
        dropped = self.dropped
        if dropped:
            self._told += dropped
            lines.append(b'{"level":"warning","event":"log lines dropped","count":%d}' % dropped)
        if lines:
            if self._thread is None:
                self._thread = Thread(target=self._write, name="surestock-log", daemon=True)
                self._thread.start()
            self._idle.clear()
            self._handed.put(lines)

    def _write(self) -> None:
        while True:
            lines = self._handed.get()
            try:
                for piece in self._pieces(lines):
                    _write_all(self._descriptor, piece)
            except OSError:
                self._unwritten += len(lines)
            self._idle.set()


def _in_one_piece(lines: list[bytes]) -> Iterator[bytes]:
    yield b"".join([line + b"\n" for line in lines])


def _in_small_pieces(lines: list[bytes]) -> Iterator[bytes]:
    """Yield whole lines, as many at once as fit into PIPE_BUF, one at the least."""
    piece: list[bytes] = []
    size = 0
    for line in lines:
        if piece and size + len(line) + 1 > PIPE_BUF:
            yield b"".join(piece)
            piece, size = [], 0
        piece.append(line + b"\n")
        size += len(line) + 1
    yield b"".join(piece)


def _write_all(descriptor: int, piece: bytes) -> None:
    left = memoryview(piece)
    while left:
        left = left[os.write(descriptor, left) :]
