"""A server process of a test: it ends with the test, and what it said last is shown when it fails.

It has a process group of its own, which is killed as a whole. Linux is asked to end it also when
the thread that started it is gone, because a test run that dies cleans nothing up. That thread is
one of our own, which lasts as long as the test run: a test's worker thread would take its servers
along.
"""

import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_LAST_LINES: Final = 30
_FAREWELL_S: Final = 90
_LOOK_EVERY_S: Final = 0.02
_STARTER: Final = ThreadPoolExecutor(1, "starter")
# Linux gives outgoing connections ports from 32768 on.
_STEADY_PORTS: Final = range(20_000, 32_000)
_GIVEN: Final = set[int]()
_GIVING: Final = threading.Lock()


class ServerFailed(AssertionError):
    """A server did not start, or died. The message ends with the last lines of its output."""


class Server:
    """A running process. ``log`` is the file that holds its output."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log

    @property
    def last_lines(self) -> str:
        """The end of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])

    def wait_until(self, ready: Callable[[], bool], timeout_s: float) -> None:
        """Look again and again; raises ServerFailed when it dies or is not ready in time."""
        deadline = time.monotonic() + timeout_s
        while not ready():
            code = self.process.poll()
            if code is not None:
                raise ServerFailed(f"{self.name} ended with {code}:\n{self.last_lines}")
            if time.monotonic() > deadline:
                raise ServerFailed(f"{self.name} is not ready in {timeout_s} s:\n{self.last_lines}")
            time.sleep(_LOOK_EVERY_S)

    def end(self, farewell: signal.Signals = signal.SIGKILL) -> None:
        """Kill it and its children: whatever it keeps is thrown away anyway.

        ``farewell`` comes first, and lets it end children that left its process group.
        """
        self.process.send_signal(farewell)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_FAREWELL_S)
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def start(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    folder: Path,
    environment: Mapping[str, str],
    user: str | None = None,
) -> Server:
    """Start a command in ``folder``, with nothing but this environment; the caller ends it.

    ``user`` is whom to run it as; only the superuser may name one.
    """
    with log.open("ab") as output:
        process = _STARTER.submit(
            subprocess.Popen[bytes],
            [*tied(user), *command],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ).result()
    return Server(name, process, log)


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    log: Path,
    *,
    folder: Path,
    environment: Mapping[str, str],
    user: str | None = None,
    farewell: signal.Signals = signal.SIGKILL,
) -> Iterator[Server]:
    """Run a command while the context lasts, started as ``start`` does.

    ``farewell`` is the signal that ends it.
    """
    server = start(name, command, log, folder=folder, environment=environment, user=user)
    try:
        yield server
    finally:
        server.end(farewell)


def tied(user: str | None = None) -> list[str]:
    """Return what to put before a command that ends with its parent and runs as ``user``."""
    if shutil.which("setpriv") is None:
        return [] if user is None else ["runuser", "-u", user, "--"]
    as_user = []
    if user is not None:
        as_user = [f"--reuid={user}", f"--regid={pwd.getpwnam(user).pw_gid}", "--clear-groups"]
    return ["setpriv", "--pdeathsig", "KILL", *as_user]


def children(process: int) -> set[int]:
    """Return the processes that a process started and that still run."""
    numbers = (int(state.parent.name) for state in Path("/proc").glob("[0-9]*/stat"))
    return {number for number in numbers if parent_of(number) == process}


def runs(process: int) -> bool:
    """Whether a process still runs; one that only waits for somebody to note its end does not."""
    return parent_of(process) is not None


def parent_of(process: int) -> int | None:
    """Return which process started one that runs, None when it does not run."""
    try:
        state = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    # "pid (name) state parent …", where the name may hold anything.
    kind, parent = state.rpartition(")")[2].split()[:2]
    return None if kind in "ZX" else int(parent)


def free_port() -> int:
    """Return a port of this machine that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def steady_port() -> int:
    """Return a free port that stays free for a server that is down for a while.

    No outgoing connection is ever given it; so a client that knocks meanwhile is refused, and
    can't be connected to itself either. Nobody of this test run is given it again.
    """
    while True:
        port = random.choice(_STEADY_PORTS)
        with _GIVING, suppress(OSError):
            if port not in _GIVEN:
                socket.create_server(("127.0.0.1", port)).close()
                _GIVEN.add(port)
                return port


def answers(port: int) -> bool:
    """Whether somebody listens at the port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
