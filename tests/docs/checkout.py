"""A checkout as a reader has it after ``make serve``: environment, seed files, a fresh service."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.real.process import answers, steady_port
from tests.tidy.repository import ROOT

_START_S = 120.0
_STOP_S = 90
_POLL_S = 0.02
_WORKS = b"connected to the sync worker"


@contextmanager
def serving(directory: Path) -> Iterator[int]:
    """Lay a checkout out in ``directory``, serve from it by default settings, yield the port.

    The sync worker is there by then: a reader types slower than it starts, a test does not.
    """
    (directory / ".venv").symlink_to(sys.prefix)
    (directory / "data").mkdir()
    (directory / "data" / "seed").symlink_to(ROOT / "data" / "seed")
    port = steady_port()
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
        _await_serving(process, port, log)
        yield port
    finally:
        returncode = _ended(process)
    if returncode:
        raise RuntimeError(f"the service ended with {returncode}: {log.read_text()[-1500:]}")


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Ask it to end, and wait until it has; whatever happens, nothing of it is left."""
    try:
        process.send_signal(signal.SIGTERM)
        return process.wait(_STOP_S)
    finally:
        process.kill()
        process.wait()


def _await_serving(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Return once a connection is taken, which is not before the service has recovered."""
    waited_s = 0.0
    while not (answers(port) and _WORKS in log.read_bytes()):
        try:
            returncode = process.wait(_POLL_S)
        except subprocess.TimeoutExpired:
            waited_s += _POLL_S
            if waited_s > _START_S:
                raise RuntimeError(f"not serving after {_START_S} s") from None
        else:
            raise RuntimeError(f"ended with {returncode}: {log.read_text()[-1500:]}")
