"""The sync worker as a child of the API process: started again when it dies, ended with it.

The child's stdin is a pipe that nothing is written to. When it closes, the child ends: that is how
it is told to, and how it learns that its parent was killed. Signals to the whole process group or
container reach both; the child leaves them to the parent, which has last words for it.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress

from surestock.kit.clock import Clock
from surestock.telemetry.log import Log

_COMMAND = (sys.executable, "-m", "surestock", "serve", "--role", "worker", "--supervised")
_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LIVED_S = 10.0
_CHUNK_BYTES = 64 * 1024
_MOST_LINE_BYTES = 1024 * 1024


class WorkerChild:
    """Keeps a sync worker running. Its log lines go to ``append``, so that none is torn apart."""

    def __init__(self, append: Callable[[bytes], None], clock: Clock, log: Log) -> None:
        self._append = append
        self._clock = clock
        self._log = log
        self._process: Process | None = None
        self._ending = asyncio.Event()
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Start the worker, and start it again whenever it dies, until :meth:`end`."""
        pause_s = _FIRST_PAUSE_S
        try:
            while not self._ending.is_set():
                started_at = self._clock.monotonic()
                why = await self._live()
                if self._ending.is_set():
                    return
                if self._clock.monotonic() - started_at >= _LIVED_S:
                    pause_s = _FIRST_PAUSE_S
                self._log.warning("the sync worker ended and is started again", **why)
                await asyncio.sleep(pause_s)
                pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)
        finally:
            self._ended.set()
            self._kill()

    async def end(self, within_s: float) -> None:
        """Let the worker end; kill it when that takes too long. It may be killed at any time."""
        self._ending.set()
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        except TimeoutError:
            if within_s:
                self._log.warning("the sync worker does not end and is killed")
            self._kill()

    async def _live(self) -> dict[str, object]:
        """Run the worker once; return why it is over."""
        try:
            process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE)
        except OSError as error:
            return {"why": str(error)}
        self._process = process
        if self._ending.is_set() and process.stdin is not None:
            process.stdin.close()
        if process.stdout is not None:
            await self._pass_on(process.stdout)
        code = await process.wait()
        self._process = None
        return {"code": code}

    async def _pass_on(self, lines: asyncio.StreamReader) -> None:
        rest = b""
        while chunk := await lines.read(_CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                self._append(line)
            if len(rest) > _MOST_LINE_BYTES:
                rest = b""

    def _kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
