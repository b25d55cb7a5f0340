"""``surestock serve`` as a child process on a free port, with nothing but the settings given."""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from surestock.sync.checkpoint import read_checkpoint
from tests.real.steady import steady_time

_COMMAND = (sys.executable, "-m", "surestock", "serve")
API = (*_COMMAND, "--role", "api")
WORKER = (*_COMMAND, "--role", "worker")
_LISTENING = re.compile(rb'"port":(\d+)')
_START_S = 60
_STOP_S = 60
_LOOK_EVERY_S = 0.02
_BEHIND = {"CentralBehind", "CircuitOpen"}
_ASKED_FOR = ("nobody needs an API key", "COMMERCE_PROVIDER keeps its orders in memory")


class Process:
    """``surestock serve`` with ``words``. What it logs is in the file ``log``."""

    def __init__(self, directory: Path, *command: str, **settings: str) -> None:
        self.log = directory / "log.ndjson"
        self.data = Path(settings.get("DATA_DIR", directory / "data"))
        self._errors = directory / "stderr.txt"
        environment = {
            "PATH": os.environ["PATH"],
            "ENGINE": "memory",
            "PORT": "0",
            "DATA_DIR": str(self.data),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        self._command, self._environment = command or _COMMAND, environment | settings
        self.process = self._begun()

    def _begun(self) -> subprocess.Popen[bytes]:
        with self.log.open("wb") as out, self._errors.open("wb") as err:
            return subprocess.Popen(
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def begin_again(self) -> None:
        """Start it once more, now that it has ended."""
        self.close()
        self.process = self._begun()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill it."""
        self.close()

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return self._errors.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """Return what it logged."""
        whole = self.log.read_bytes().rpartition(b"\n")[0]
        return [msgspec.json.decode(line) for line in whole.splitlines()]

    def events(self) -> list[str]:
        """Return what it logged, by name."""
        return [line["event"] for line in self.lines()]

    def complaints(self) -> list[str]:
        """Return what it logged as a warning or an error, but for what these tests ask for.

        That is a service without keys, and with a platform in memory.
        """
        complaints = [line["event"] for line in self.lines() if line["level"] != "info"]
        return [event for event in complaints if not event.startswith(_ASKED_FOR)]

    def logged(self, event: str, times: int = 1) -> None:
        """Return once it has logged ``event`` so many times."""
        self.until(lambda: self.events().count(event) >= times)

    def until(self, happened: Callable[[], object]) -> None:
        """Return once something has happened, while it runs."""
        began = steady_time()
        while not happened():
            assert self.process.poll() is None, self.errors
            assert steady_time() - began < _START_S
            time.sleep(_LOOK_EVERY_S)

    def noted(self) -> int:
        """Return how far the sync worker noted to be, 0 when it did not."""
        checkpoint = read_checkpoint(self.data / "central")
        return 0 if checkpoint is None else checkpoint.sequence

    def children(self) -> list[int]:
        """Return the process ids of its children, oldest first, zombies among them."""
        task = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]

    def ended(self) -> int:
        """Wait for its end; return the exit code. Nothing of it is left where that does not come.

        A process that nobody looks after any more would fail whichever test comes next.
        """
        try:
            return self.process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self.close()
            raise

    def close(self) -> None:
        """Kill it, and its children, when they have not ended by themselves."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Service(Process):
    """A running service. ``port`` is where it listens."""

    port = 0

    def __enter__(self) -> Self:
        """Wait until it listens."""
        try:
            self.until(lambda: _LISTENING.search(self.log.read_bytes()))
        except BaseException:
            self.close()
            raise
        found = _LISTENING.search(self.log.read_bytes())
        assert found is not None
        self.port = int(found[1])
        return self

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request; return the status and the answer's JSON."""
        headers = {} if body is None else {"content-type": "application/json"}
        content = None if body is None else msgspec.json.encode(body)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_STOP_S)
        with closing(connection):
            connection.request(method, path, content, headers)
            answer = connection.getresponse()
            return answer.status, msgspec.json.decode(answer.read())

    def told(self, method: str, path: str) -> Any:
        """Ask until it is told: a sync worker that only just comes, or stands still, is behind."""
        answers: list[Any] = []

        def has_come() -> bool:
            status, answer = self.ask(method, path)
            assert status == 200 or answer["error"] in _BEHIND, answer
            answers.append(answer)
            return status == 200

        self.until(has_come)
        return answers[-1]

    def count(self, sku: str, on_hand: int, store: str = "berlin") -> int:
        """Count stock; return the sequence."""
        path = f"/stores/{store}/inventory/{sku}"
        status, answer = self.ask("PUT", path, {"onHand": on_hand})
        assert status in {200, 201}, answer
        sequence: int = answer["sequence"]
        return sequence

    def sync(self) -> int:
        """Sync; return up to which sequence."""
        sequence: int = self.told("POST", "/sync")["appliedSequence"]
        return sequence

    def central(self) -> dict[str, int]:
        """Return every SKU of the central view and its quantity."""
        page = self.told("GET", "/central/inventory?limit=1000")
        return {item["sku"]: item["qty"] for item in page["items"]}

    def refuses(self) -> None:
        """Return when it listens no more; the test's time-out bounds it."""
        with suppress(ConnectionError):
            while True:
                socket.create_connection(("127.0.0.1", self.port), timeout=_STOP_S).close()
                time.sleep(_LOOK_EVERY_S)

    def worker(self) -> int | None:
        """Return the process id of its sync worker, if there is one now."""
        children = self.children()
        return children[0] if children else None
