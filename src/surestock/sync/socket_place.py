"""The worker's socket: a file in its folder, that any API process of the machine may connect to.

The kernel takes no path of more than 107 bytes for a socket, and data directories have longer ones.
So the folder is opened, and the socket is named through its descriptor.
"""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from surestock.kit.files import FILE_MODE

_NAME = "socket"
_BACKLOG = 16


def listen(directory: Path) -> socket.socket:
    """Return a socket that listens in ``directory``, in place of one that a dead worker left.

    Only who holds the folder may call this. Raises ``OSError``.
    """
    with suppress(FileNotFoundError):
        (directory / _NAME).unlink()
    made = _socket()
    try:
        with _address(directory) as address:
            made.bind(address)
            Path(address).chmod(FILE_MODE)
        made.listen(_BACKLOG)
    except BaseException:
        made.close()
        raise
    return made


def connect(directory: Path) -> socket.socket:
    """Return a socket that is connected to the worker of ``directory``.

    Raises ``OSError`` when no worker listens there. It does not wait.
    """
    made = _socket()
    try:
        with _address(directory) as address:
            made.connect(address)
    except BaseException:
        made.close()
        raise
    return made


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.settimeout(0)
    return made


@contextmanager
def _address(directory: Path) -> Iterator[str]:
    opened = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{_NAME}"
    finally:
        os.close(opened)
