"""The real service as a child process, to be killed at will."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_START_S = 60
_STOP_S = 30
_POLL_S = 0.02
_BROKEN = Path(__file__).with_name("broken.py")


class RefusedToStart(Exception):
    """The process ended before it was ready. The message is the end of what it wrote."""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _is_ready(port: int) -> bool:
    """Ask for readiness once."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as probe:
            probe.sendall(
                b"GET /health/readiness HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
            )
            return probe.recv(1024).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


class Server:
    """One data directory, and the process (if any) that serves it.

    ``tooth`` names a variant of ``broken.py``; ``wrap`` goes before the command, as strace does.
    """

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        *,
        settings: dict[str, str] | None = None,
        tooth: str | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.log = log
        self.tooth = tooth
        self.port = 0
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, wrap: Iterable[str] = ()) -> None:
        """Start the process and return when it is ready. Raises :class:`RefusedToStart`."""
        if self._process is not None:
            raise RuntimeError("the server runs already")
        process = self._spawn(wrap)
        waited_s = 0.0
        while not _is_ready(self.port):
            try:
                returncode = process.wait(_POLL_S)
            except subprocess.TimeoutExpired:
                waited_s += _POLL_S
            else:
                self._process = None
                raise RefusedToStart(f"exit {returncode}: {self.tail()}")
            if waited_s > _START_S:
                self.kill()
                raise RefusedToStart(f"not ready after {_START_S} s: {self.tail()}")

    def _spawn(self, wrap: Iterable[str]) -> subprocess.Popen[bytes]:
        self.port = _free_port()
        product = ["-m", "surestock"] if self.tooth is None else [str(_BROKEN), self.tooth]
        env = {
            "PORT": str(self.port),
            "HOST": "127.0.0.1",
            "ENGINE": "log",
            "DATA_DIR": str(self.data_dir),
            "LOG_LEVEL": "warning",
            "PYTHONDONTWRITEBYTECODE": "1",
            **self._settings,
        }
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*wrap, sys.executable, *product, "serve"],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        return self._process

    def signal_kill(self) -> None:
        """SIGKILL the process and its children, and don't wait."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP the process; return when its first thread, which answers, has stopped."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        os.killpg(self._process.pid, signal.SIGSTOP)
        stat = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0)

    def kill(self) -> None:
        """SIGKILL the process and its children, and wait until they are gone."""
        self.signal_kill()
        if self._process is not None:
            self._process.wait(_STOP_S)
            self._process = None

    def stop(self) -> int:
        """SIGTERM the process, and strace around it, if any; return the exit code."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        os.killpg(self._process.pid, signal.SIGTERM)
        return self.await_exit()

    def await_exit(self) -> int:
        """Wait until the process has ended by itself and return its exit code."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        returncode = self._process.wait(_STOP_S)
        self._process = None
        return returncode

    def tail(self) -> str:
        """Return the end of what the process wrote."""
        return self.log.read_text(errors="replace")[-1500:]
