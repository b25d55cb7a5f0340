"""The real service as a child process, with its sync worker or without."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from tests.proof.child import Child
from tests.real.process import steady_port

_START_S = 120
_POLL_S = 0.02
_STARTS = 5
_NO_DATABASE = "The database does not answer"


class RefusedToStart(Exception):
    """The process ended before it was ready. The message is the end of what it wrote."""


def _answers(port: int, path: str) -> bool:
    """Ask once whether all is well there."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(head.encode())
            return probe.recv(1024).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Server(Child):
    """One data directory, and the process (if any) that serves it, as the given ``role``."""

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        *,
        role: str = "all",
        settings: dict[str, str] | None = None,
        tooth: str | None = None,
    ) -> None:
        super().__init__(data_dir, log, settings=settings, tooth=tooth)
        self.port = 0
        self._role = role

    def start(self, wrap: Iterable[str] = (), probe: str = "/health/readiness") -> None:
        """Start the process; return when ``probe`` is 200. Raises :class:`RefusedToStart`.

        It is started again when its database did not answer in time, as one that stands still does.
        """
        for tries_left in reversed(range(_STARTS)):
            try:
                self._start_once(wrap, probe)
                return
            except RefusedToStart as refusal:
                if _NO_DATABASE not in str(refusal) or not tries_left:
                    raise

    def _start_once(self, wrap: Iterable[str], probe: str) -> None:
        self.port = steady_port()
        self.spawn(("serve", "--role", self._role), wrap, PORT=str(self.port), HOST="127.0.0.1")
        waited_s = 0.0
        while not _answers(self.port, probe):
            try:
                self.running.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                waited_s += _POLL_S
            else:
                raise RefusedToStart(f"exit {self.await_exit()}: {self.tail()}")
            if waited_s > _START_S:
                self.kill()
                raise RefusedToStart(f"not ready after {_START_S} s: {self.tail()}")

    def kill_worker(self) -> None:
        """SIGKILL the sync worker that is the server's child, if there is one now."""
        pid = self.running.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            with suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
