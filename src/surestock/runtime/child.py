"""A process that is started again whenever it dies, and ended with its parent."""

import asyncio
from abc import ABC, abstractmethod
from asyncio.subprocess import Process
from contextlib import suppress

from surestock.kit.clock import Clock
from surestock.telemetry.log import Log

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 5.0
_LIVED_S = 10.0


class Child(ABC):
    """Keeps a process running. ``name`` is what the log calls it; ``log`` tells whose it is."""

    def __init__(self, name: str, clock: Clock, log: Log) -> None:
        self._name = name
        self._clock = clock
        self._log = log
        self._process: Process | None = None
        self._ending = asyncio.Event()
        self._ended = asyncio.Event()
        self._ended.set()

    async def run(self) -> None:
        """Start it, and start it again whenever it dies, until it is to end.

        The pause before that grows with every start, until one has lived for a while.
        """
        pause_s = _FIRST_PAUSE_S
        self._ended.clear()
        try:
            while not self._ending.is_set():
                started_at = self._clock.monotonic()
                why = await self._live()
                if self._ending.is_set() or not self._goes_on(why.get("code")):
                    return
                if self._clock.monotonic() - started_at >= _LIVED_S:
                    pause_s = _FIRST_PAUSE_S
                self._tell_restart(why)
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await self._ending.wait()
                pause_s = min(_LONGEST_PAUSE_S, 2 * pause_s)
        finally:
            self._ended.set()
            self.kill()

    def begin_end(self) -> None:
        """Tell it to end, and start it no more."""
        self._ending.set()
        if self._process is not None:
            self._tell_to_end()

    async def end(self, within_s: float) -> None:
        """Let it end; kill it when that takes too long."""
        self.begin_end()
        if not await self.has_ended(within_s):
            if within_s:
                self._log.warning(f"{self._name} does not end and is killed")
            self.kill()

    async def has_ended(self, within_s: float) -> bool:
        """Wait until it runs no more; tell whether it came to that."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._ended.wait()
        return self._ended.is_set()

    def kill(self) -> None:
        """Kill it, if it runs. In any thread."""
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()

    async def _live(self) -> dict[str, object]:
        """Run it once; return why it is over."""
        try:
            process = await self._start()
        except OSError as error:
            return {"why": str(error)}
        self._process = process
        if self._ending.is_set():
            self._tell_to_end()
        await self._attend(process)
        code = await process.wait()
        self._process = None
        return {"code": code}

    @abstractmethod
    async def _start(self) -> Process:
        """Start it. Raises ``OSError``."""

    @abstractmethod
    def _tell_to_end(self) -> None:
        """Tell it to end, now that it runs."""

    @abstractmethod
    async def _attend(self, process: Process) -> None:
        """Do what there is to do with it until it has ended, or all but that."""

    def _goes_on(self, code: object) -> bool:  # noqa: ARG002 - for those who ask
        """Tell whether it is started again after it ended with ``code``."""
        return True

    def _tell_restart(self, why: dict[str, object]) -> None:
        self._log.warning(f"{self._name} ended and is started again", **why)
