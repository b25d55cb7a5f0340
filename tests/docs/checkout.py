"""A checkout as a reader has it after ``make serve``: environment, seed files, a fresh service."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tidy.repository import ROOT

_START_S = 60.0
_STOP_S = 30
_POLL_S = 0.02


@contextmanager
def serving(directory: Path) -> Iterator[int]:
    """Lay a checkout out in ``directory``, serve from it by default settings, yield the port."""
    (directory / ".venv").symlink_to(sys.prefix)
    (directory / "data").mkdir()
    (directory / "data" / "seed").symlink_to(ROOT / "data" / "seed")
    port = free_port()
    log = directory / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [".venv/bin/surestock", "serve"],
            cwd=directory,
            env={"PATH": os.environ["PATH"], "PORT": str(port)},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )
    try:
        _await_listening(process, port, log)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        returncode = process.wait(_STOP_S)
    if returncode:
        raise RuntimeError(f"the service ended with {returncode}: {log.read_text()[-1500:]}")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once a connection is taken, which is not before the service has recovered."""
    waited_s = 0.0
    while not _listens(port):
        try:
            returncode = process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            waited_s += _POLL_S
            if waited_s > _START_S:
                raise RuntimeError(f"not listening after {_START_S} s") from None
        else:
            raise RuntimeError(f"ended with {returncode}: {log.read_text()[-1500:]}")


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False
