"""Another process, which does what it is told and stays until it is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class Neighbour:
    """A child process that ran ``code`` with ``arguments`` up to its print of one line."""

    def __init__(self, code: str, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"{code}\nimport time\ntime.sleep(600)", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.said = self._process.stdout.readline().strip()

    def stop(self) -> None:
        """Let it stand still, and wait until it does."""
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self._process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill it, and wait until it is dead."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


@contextmanager
def neighbour(code: str, *arguments: str) -> Iterator[Neighbour]:
    """Have a neighbour for the length of a block."""
    process = Neighbour(code, *arguments)
    try:
        yield process
    finally:
        process.kill()
