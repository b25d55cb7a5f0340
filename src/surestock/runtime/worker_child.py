"""The sync worker as a child of the API process, or of the parent of several.

The child's stdin is a pipe that nothing is written to. When it closes, the child ends: that is how
it is told to, and how it learns that its parent was killed. Signals to the whole process group or
container reach both; the child leaves them to the parent, which has last words for it.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable

from surestock.kit.clock import Clock
from surestock.runtime.child import Child
from surestock.telemetry.log import Log

_COMMAND = (sys.executable, "-m", "surestock", "serve", "--role", "worker", "--supervised")
_CHUNK_BYTES = 64 * 1024
_MOST_LINE_BYTES = 1024 * 1024


class WorkerChild(Child):
    """Keeps a sync worker running. Its log lines go to ``append``, so that none is torn apart.

    It may be killed at any time.
    """

    def __init__(self, append: Callable[[bytes], None], clock: Clock, log: Log) -> None:
        super().__init__("the sync worker", clock, log)
        self._append = append

    async def _start(self) -> Process:
        return await asyncio.create_subprocess_exec(*_COMMAND, stdin=PIPE, stdout=PIPE)

    def _tell_to_end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()

    async def _attend(self, process: Process) -> None:
        if process.stdout is None:
            return
        rest = b""
        while chunk := await process.stdout.read(_CHUNK_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                self._append(line)
            if len(rest) > _MOST_LINE_BYTES:
                rest = b""
