"""The worker beside a server's API process: found, waited for, stopped and let go on."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Final

from benchmarks.cpu import descendants
from benchmarks.errors import UnsoundMeasurement
from benchmarks.process import Server

_PATIENCE_SECONDS: Final = 300.0
_SETTLE_SECONDS: Final = 0.5


def worker_pid(server: Server) -> int:
    """Return the process id of the server's sync worker."""
    found = _with_word(server, b"worker")
    if len(found) != 1:
        raise UnsoundMeasurement(f"the server has {len(found)} sync workers")
    return found[0]


def sync(port: int) -> None:
    """Return once the central view has all that is durable."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("POST", "/sync")
        response = connection.getresponse()
        text = response.read()
        connection.close()
        if response.status == HTTPStatus.OK:
            return
        if time.monotonic() > give_up:
            raise UnsoundMeasurement(f"the worker does not catch up: {text[:300]!r}")
        time.sleep(0.05)


def come_to_rest(server: Server) -> None:
    """Return once the server's worker is level with the log, and no upkeep is running."""
    sync(server.port)
    time.sleep(_SETTLE_SECONDS)  # an upkeep that is due begins at once
    outlast_upkeep(server)


def outlast_upkeep(server: Server) -> None:
    """Return once no upkeep is running below a server. A peer has none to wait for."""
    give_up = time.monotonic() + _PATIENCE_SECONDS
    while _with_word(server, b"upkeep"):
        if time.monotonic() > give_up:
            raise UnsoundMeasurement("the upkeep does not come to an end")
        time.sleep(0.05)


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for as long as this is entered."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _with_word(server: Server, word: bytes) -> list[int]:
    found = []
    for pid in descendants(server.process.pid):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except FileNotFoundError:  # it ended meanwhile
            continue
        if word in words:
            found.append(pid)
    return found
