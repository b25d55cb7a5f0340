"""``surestock serve`` on a database, as the real processes, and what they left in it."""

import http.client
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event
from typing import Any, Self

import msgspec

from tests.real.postgres import Cluster
from tests.runtime.process import Process, Service

LEVEL = "/stores/berlin/inventory/apple"
_NO_ANSWER = "The database does not answer"
_TRIES = 5


class Shop(Service):
    """A service with ENGINE=postgres, in a folder of its own below ``directory``."""

    def __init__(
        self, directory: Path, name: str, url: str, *command: str, **settings: str
    ) -> None:
        super().__init__(_folder(directory, name), *command, **_on(url), **settings)

    def __enter__(self) -> Self:
        """Wait until it listens; a server that stands still for too long refuses a start."""
        for _ in range(_TRIES):
            try:
                return super().__enter__()
            except AssertionError:
                if _NO_ANSWER not in self.errors:
                    raise
                self.begin_again()
        return super().__enter__()

    def change(self, delta: int, key: str, sku: str = "apple") -> tuple[int, dict[str, Any]]:
        """Adjust a level under a key; return the status and the answer."""
        with self.changing(delta, key, sku) as connection:
            answer = connection.getresponse()
            return answer.status, msgspec.json.decode(answer.read())

    @contextmanager
    def changing(
        self, delta: int, key: str, sku: str = "apple"
    ) -> Iterator[http.client.HTTPConnection]:
        """Ask for that, and give the connection on which the answer comes."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"content-type": "application/json", "idempotency-key": key}
        body = msgspec.json.encode({"delta": delta})
        try:
            connection.request("POST", f"/stores/berlin/inventory/{sku}/adjust", body, headers)
            yield connection
        finally:
            connection.close()

    def held(self, sku: str, sequence: int) -> int:
        """Return how much the central view has of a SKU, once it has a record."""
        path = f"/central/inventory/{sku}?minSequence={sequence}"
        self.until(lambda: self.ask("GET", path)[0] == 200)
        quantity: int = self.ask("GET", path)[1]["qty"]
        return quantity

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """Return what readiness says."""
        return self.ask("GET", "/health/readiness")

    def metrics(self) -> str:
        """Return the metrics as text."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()


class Aside(Process):
    """A process that does not serve, with ENGINE=postgres."""

    def __init__(
        self, directory: Path, name: str, url: str, *command: str, **settings: str
    ) -> None:
        super().__init__(_folder(directory, name), *command, **_on(url), **settings)

    def __enter__(self) -> Self:
        """Wait until it tells of itself; it is started again as a shop is."""
        for _ in range(_TRIES):
            while self.process.poll() is None and not self.lines():
                time.sleep(0.02)
            if self.process.poll() is None or _NO_ANSWER not in self.errors:
                break
            self.begin_again()
        return super().__enter__()


def sequences(postgres: Cluster, url: str) -> list[int]:
    """Return the sequences that are on record, in order."""
    name = url.rpartition("/")[2]
    rows = postgres.execute("SELECT sequence FROM surestock.records ORDER BY sequence", name)
    return [int(sequence) for (sequence,) in rows if sequence is not None]


@contextmanager
def load(shop: Shop, clients: int = 8) -> Iterator[list[int]]:
    """Let clients add one unit at a time for the length of the block, until nobody is there.

    What is given are the sequences of what was acknowledged.
    """
    acknowledged: list[int] = []
    is_over = Event()

    def client(number: int) -> None:
        turn = 1
        while not is_over.is_set():
            try:
                status, answer = shop.change(1, f"{number}-{turn}")
            except (OSError, http.client.HTTPException):
                return
            if status == 503:  # he comes again with his key, as he is told to
                time.sleep(0.05)
                continue
            if status != 200:
                return
            turn += 1
            acknowledged.append(answer["sequence"])

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(client, number) for number in range(clients)]
        try:
            yield acknowledged
        finally:
            is_over.set()
        for future in futures:
            future.result()


def _folder(directory: Path, name: str) -> Path:
    folder = directory / name
    folder.mkdir(exist_ok=True)
    return folder


def _on(url: str) -> dict[str, str]:
    return {"ENGINE": "postgres", "DATABASE_URL": url}
