"""Several API processes on one data directory, each on a port of its own."""

import asyncio
import fcntl
import json
import os
import random
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.proof.fleet import Fleet
from tests.proof.server import Server

_LEASE_NAME_DIGITS = 40


class Several:
    """``count`` processes; ``teeth`` are those of the first ones, the others are sound."""

    def __init__(
        self,
        fleet: Fleet,
        dice: random.Random,
        count: int = 4,
        teeth: Sequence[str | None] = (),
        **settings: str,
    ) -> None:
        self.dice = dice
        self.servers = [
            fleet(
                role="api",
                tooth=teeth[number] if number < len(teeth) else None,
                settings={
                    "LOCKS_ENABLED": "true",
                    "SEGMENT_BYTES": "20000",
                    "LOCK_OWNER_ID": f"process-{number}",
                    **settings,
                },
            )
            for number in range(count)
        ]
        self._killed: list[Server] = []

    @property
    def data_dir(self) -> Path:
        """The directory that they share."""
        return self.servers[0].data_dir

    @property
    def port(self) -> int:
        """The port of one of them, of another one each time."""
        return self.dice.choice(self.servers).port

    def begin(self) -> None:
        """Start them all at once; return when all are ready."""
        with ThreadPoolExecutor(len(self.servers)) as pool:
            list(pool.map(Server.start, self.servers))

    def kill(self) -> None:
        """SIGKILL one of them."""
        killed = self.dice.choice([server for server in self.servers if server.is_alive])
        killed.kill()
        self._killed.append(killed)

    async def pause(self, longest_s: float) -> None:
        """Let one of them stand still for a while, which a kill may end."""
        paused = self.dice.choice([server for server in self.servers if server.is_alive])
        pid = paused.running.pid
        paused.freeze()
        try:
            await asyncio.sleep(self.dice.random() * longest_s)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGCONT)

    def start(self) -> None:
        """Start those again that were killed."""
        while self._killed:
            self._killed.pop().start()

    def end(self) -> list[int]:
        """SIGTERM them all at once; return their exit codes."""
        for server in self.servers:
            os.killpg(server.running.pid, signal.SIGTERM)
        return [server.await_exit() for server in self.servers]


def leases_in(directory: Path) -> dict[str, str]:
    """Return who has which lease: the owner's name by the key. Expired ones are there, too."""
    found = {}
    for path in directory.iterdir() if directory.is_dir() else ():
        if len(path.name) == _LEASE_NAME_DIGITS:
            with suppress(FileNotFoundError):  # it was released meanwhile
                lease = json.loads(path.read_bytes())
                found[lease["key"]] = lease["owner"]
    return found


def is_guarded(directory: Path) -> bool:
    """Tell whether a process is in the middle of taking, renewing or releasing a lease."""
    for path in directory.glob("guard-*"):
        with path.open("rb") as guard:
            try:
                fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False
