"""Processes under measurement: started with a stated environment, awaited, measured, ended.

The environment is written out in full, never inherited: a variable of somebody's shell must not
decide a figure. What a server writes goes to files, as it would in use.
"""

import http.client
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from benchmarks.cpu import cpu_seconds, resident_bytes
from benchmarks.errors import UnsoundMeasurement

_POLL_SECONDS: Final = 0.002
_START_SECONDS: Final = 180.0
_STOP_SECONDS: Final = 60.0
_TOLD_CHARACTERS: Final = 800


def free_port() -> int:
    """Return a loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


@dataclass(slots=True)
class Server:
    """A running HTTP server on ``port`` and, for some peers, the database that serves it."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    start_seconds: float
    database_pid: int | None = None

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        port: int,
        output: Path,
    ) -> Self:
        """Start ``command`` and return once ``GET /health`` answers 200.

        ``start_seconds`` is the time from the start of the process to that answer.
        Raises UnsoundMeasurement when the process ends first or never answers.
        """
        begun = time.perf_counter()
        with output.open("ab") as sink:
            process = subprocess.Popen(command, env=dict(environment), stdout=sink, stderr=sink)
        while not _answers(port):
            elapsed = time.perf_counter() - begun
            if process.poll() is not None or elapsed > _START_SECONDS:
                process.kill()
                told = output.read_text(errors="replace")[-_TOLD_CHARACTERS:]
                raise UnsoundMeasurement(
                    f"{name} did not start within {elapsed:.0f} s (exit {process.wait()}): {told}"
                )
            time.sleep(_POLL_SECONDS)
        return cls(name, port, process, time.perf_counter() - begun)

    def app_cpu(self) -> float:
        """Return the CPU seconds that the server has used so far."""
        return cpu_seconds(self.process.pid)

    def database_cpu(self) -> float:
        """Return the CPU seconds that the server's database has used so far; 0 without one."""
        return 0.0 if self.database_pid is None else cpu_seconds(self.database_pid)

    def memory(self) -> int:
        """Return the server's resident set in bytes."""
        return resident_bytes(self.process.pid)

    def stop(self) -> None:
        """Ask the server to end, and wait until it has; one that does not is killed and named."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired as late:
            self.process.kill()
            self.process.wait()
            raise UnsoundMeasurement(
                f"{self.name} was still running {_STOP_SECONDS:.0f} s after SIGTERM"
            ) from late
