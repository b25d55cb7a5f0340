"""What a supervised process has of its parent: the other end of its stdin.

A byte tells it to end, and that the pipe closes tells it to hurry, or to end, when nothing told it
before: so it learns also that its parent was killed. It answers with a byte, once it listens.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress

END = b"e"
LISTENS = b"l"
SIGNALS = (signal.SIGTERM, signal.SIGINT)
"""What ends a process that has no parent to tell it."""

_STDIN = 0


def leave_signals() -> None:
    """Ignore signals that are for the parent: they reach the whole process group, or container.

    They were held back since before the process began (``hold_signals``), and are let go here.
    """
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)


class Parent:
    """The parent, over ``descriptor``: one end of a pair of sockets."""

    def __init__(self, descriptor: int = _STDIN) -> None:
        self._descriptor = descriptor

    def obey(self, told: Callable[[], None]) -> None:
        """Call ``told`` when the process is to end, and once more when it is to hurry."""
        loop = asyncio.get_running_loop()

        def read() -> None:
            try:
                order = os.read(self._descriptor, 1)
            except ConnectionResetError:
                order = b""
            if not order:
                loop.remove_reader(self._descriptor)
            told()

        loop.add_reader(self._descriptor, read)

    def tell_listening(self) -> None:
        """Let the parent know that this process serves."""
        with suppress(BrokenPipeError, ConnectionResetError):
            os.write(self._descriptor, LISTENS)
