"""An API process's end of the worker's socket: connected again and again, and read."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable
from pathlib import Path
from typing import Never

from surestock.inventory.unavailable import CentralBehind
from surestock.kit.clock import Clock
from surestock.sync.lag import Lag
from surestock.sync.protocol import (
    Answer,
    Ask,
    BadMessage,
    Declined,
    Progress,
    Told,
    frame,
    receive_from_worker,
)
from surestock.sync.questions import Questions
from surestock.sync.socket_place import connect
from surestock.telemetry.log import Log

_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_COMES_WITHIN_S = 5.0

NO_WORKER = "No sync worker is running, so the central view cannot be asked."


class WorkerConnection:
    """Brings messages to the worker and back.

    A worker counts as there once it has reported. ``upkept`` is called when it says that files were
    brought up to date. Where nobody was there for five seconds, nobody is waited for.
    """

    def __init__(
        self,
        directory: Path,
        lag: Lag,
        questions: Questions,
        clock: Clock,
        log: Log,
        upkept: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._lag = lag
        self._questions = questions
        self._clock = clock
        self._log = log
        self._upkept = upkept
        self._writer: StreamWriter | None = None
        self._reported = asyncio.Event()
        self._gone_at = clock.monotonic()

    @property
    def alive(self) -> bool:
        """Tell whether a worker is there."""
        return self._reported.is_set()

    async def run(self) -> None:
        """Stay connected, as far as that is possible, until cancelled."""
        self._gone_at = self._clock.monotonic()
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                if await self._converse():
                    self._log.warning("the sync worker is gone")
                    pause_s = _FIRST_PAUSE_S
            except (OSError, BadMessage) as error:
                self._log.warning("the sync worker cannot be understood", why=str(error))
            await asyncio.sleep(pause_s)
            pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)

    async def _converse(self) -> bool:
        """Connect, and stay until the worker is gone; tell whether there was one."""
        try:
            opened = connect(self._directory)
        except OSError:
            return False
        reader, writer = await asyncio.open_unix_connection(sock=opened)
        try:
            self._writer = writer
            self._lag.connected()
            self.tell()
            await self._listen(reader)
        except (EOFError, ConnectionError):
            return self.alive
        finally:
            self._disconnected()
            writer.transport.abort()

    async def _listen(self, reader: StreamReader) -> Never:
        while True:
            message = await receive_from_worker(reader)
            if isinstance(message, Progress):
                if not self._reported.is_set():
                    self._log.info("connected to the sync worker")
                self._reported.set()
                self._lag.reported(message)
            elif isinstance(message, Answer | Declined):
                self._questions.answered(message)
            else:
                self._upkept()

    def _disconnected(self) -> None:
        if self._reported.is_set():
            self._gone_at = self._clock.monotonic()
        self._reported.clear()
        self._writer = None
        self._lag.disconnected()
        self._questions.disconnected()

    def tell(self) -> None:
        """Tell the worker how far the log is durable, unless it is still busy with the last."""
        if self._writer is not None:
            frontier = self._lag.next_to_tell()
            if frontier is not None:
                self._writer.write(frame(Told(frontier)))

    def ask(self, ask: Ask) -> None:
        """Send a question. Only while a worker is there."""
        if self._writer is not None:
            self._writer.write(frame(ask))

    async def worker(self) -> None:
        """Return when a worker is there. The caller bounds the time.

        Raises :class:`CentralBehind` when none is there and none is about to come.
        """
        if self._reported.is_set():
            return
        left_s = self._gone_at + _COMES_WITHIN_S - self._clock.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left_s)):
                await self._reported.wait()
        except TimeoutError:
            raise CentralBehind(NO_WORKER) from None
