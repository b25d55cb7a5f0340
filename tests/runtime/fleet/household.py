"""Several API processes, each with its own stock in memory, and which of them a client is with."""

import socket
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from tests.runtime.process import Service

UNLOCKED = (sys.executable, str(Path(__file__).with_name("unlocked.py")))
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
OK = b"HTTP/1.1 200 "


_LATE = """
import os, sys, time
while not os.path.exists({go!r}): time.sleep(0.01)
sys.argv[1:1] = ["serve", "--role", "api", "--supervised"]
import runpy
runpy.run_module("surestock", run_name="__main__", alter_sys=True)
"""


def begin_once(go: Path) -> tuple[str, str, str]:
    """Return a command for processes that begin once there is a file."""
    return sys.executable, "-c", _LATE.format(go=str(go))


class Household(Service):
    """A parent and ``workers`` API processes."""

    def __init__(self, directory: Path, workers: int, *command: str, **settings: str) -> None:
        super().__init__(directory, *UNLOCKED, str(workers), *command, **settings)
        self.workers = workers

    def __enter__(self) -> Self:
        """Wait until all of them listen."""
        super().__enter__()
        try:
            self.logged("listening", self.workers)
        except BaseException:
            self.close()
            raise
        return self

    def connect(self) -> socket.socket:
        """Return a new connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    @contextmanager
    def clients(self, number: int) -> Iterator[list[socket.socket]]:
        """Return connections that were made one after the other, each answered once."""
        with ExitStack() as stack:
            yield [self.answered(stack.enter_context(self.connect())) for _ in range(number)]

    @contextmanager
    def clients_of_all(self, number: int) -> Iterator[list[socket.socket]]:
        """Return as many, and go on until each process has some: one may have stood still."""
        with ExitStack() as stack:
            clients = stack.enter_context(self.clients(number))
            while len(self.spread(clients)) < self.workers:
                clients += stack.enter_context(self.clients(1))
            yield clients

    def answered(self, client: socket.socket) -> socket.socket:
        """Return the client, once it was answered."""
        client.sendall(HEALTH)
        assert client.recv(65_536).startswith(OK)
        return client

    def owner(self, client: socket.socket) -> int:
        """Return the process id that has a client's connection."""
        ends = (self.port, client.getsockname()[1])
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if tuple(int(end.rpartition(":")[2], 16) for end in fields[1:3]) == ends:
                wanted = f"socket:[{fields[9]}]"
                return next(pid for pid in self.children() if wanted in _files(pid))
        raise LookupError(ends)

    def spread(self, clients: Iterable[socket.socket]) -> Counter[int]:
        """Return how many of the clients each process has."""
        return Counter(self.owner(client) for client in clients)


def _files(pid: int) -> list[str]:
    found = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except FileNotFoundError:
            continue
    return found
