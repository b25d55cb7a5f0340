"""The real service as ``serve --workers N``: a parent, N API processes, a sync worker."""

import os
import random
import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.proof.server import Server

_POLL_S = 0.05
_WITHIN_S = 200


class House(Server):
    """One data directory, and the processes (if any) that serve it on one port."""

    def __init__(
        self, folder: Path, workers: int, tooth: str | None = None, **changed: str
    ) -> None:
        settings = {
            "LOCKS_ENABLED": "true",
            "SEGMENT_BYTES": "50000",
            "SNAPSHOT_EVERY_N_EVENTS": "500",
            "LOCK_TTL_MS": "400",
            "LOCK_RENEW_MS": "200",
            "LOG_LEVEL": "info",
            **changed,
        }
        super().__init__(folder / "data", folder / "house.log", settings=settings, tooth=tooth)
        self.workers = workers

    def spawn(self, words: Iterable[str], wrap: Iterable[str] = (), **settings: str) -> None:
        """Start the parent."""
        super().spawn((*words, "--workers", str(self.workers)), wrap, **settings)

    def start(self, wrap: Iterable[str] = (), probe: str = "/health/readiness") -> None:
        """Start all; return when each API process listens. Raises as :meth:`Server.start`."""
        goal = self.listened() + self.workers
        super().start(wrap, probe)
        self.await_listening(goal)

    def api_processes(self) -> list[int]:
        """Return the process ids of the API processes that run now."""
        pid = self.running.pid
        found = []
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(FileNotFoundError, ProcessLookupError):
                if b"--slot" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(int(child))
        return found

    def kill_one(self, dice: random.Random) -> None:
        """SIGKILL one of the API processes."""
        with suppress(ProcessLookupError):
            os.kill(dice.choice(self.api_processes()), signal.SIGKILL)

    def listened(self) -> int:
        """Return how often an API process has begun to listen, since the first start."""
        return self.log.read_bytes().count(b'"event":"listening"') if self.log.exists() else 0

    def await_listening(self, times: int) -> None:
        """Wait until API processes have begun to listen so often."""
        for _ in range(int(_WITHIN_S / _POLL_S)):
            if self.listened() >= times:
                return
            time.sleep(_POLL_S)
        raise AssertionError(f"an API process does not come back: {self.tail()}")
