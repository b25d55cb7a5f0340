"""Servers of several processes: all of them have to listen before any of them is measured."""

import time
from pathlib import Path
from typing import Final

from benchmarks.errors import UnsoundMeasurement
from benchmarks.process import Server

_LISTENS: Final = b'"event":"listening"'
_START_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05


def count_listening(requests: Path) -> int:
    """Return how often a process told its log that it listens."""
    return requests.read_bytes().count(_LISTENS)


def await_fleet(server: Server, requests: Path, listening: int) -> None:
    """Return once ``requests`` tells of so many. One that answers early keeps its connections.

    Raises UnsoundMeasurement, and ends the server, when they do not.
    """
    give_up = time.monotonic() + _START_SECONDS
    while count_listening(requests) < listening:
        if time.monotonic() > give_up:
            server.stop()
            raise UnsoundMeasurement("not all processes of a server listen")
        time.sleep(_LOOK_SECONDS)
