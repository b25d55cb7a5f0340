"""Requests that nobody sends by accident, and what comes of one: a status, or an end."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

MIB = 1024 * 1024
_PIECE = b"y" * 65_536
_RESERVE = b"POST /stores/north/inventory/sku-1/reserve HTTP/1.1\r\nHost: t\r\n"
_JSON = b"Content-Type: application/json\r\n"
_PATIENCE_S = 120
_GROWS_WITHIN_S = 30
_LOOK_EVERY_S = 0.02
_PAGE = 4096

Pieces = Iterator[bytes]


def _many(piece: bytes, size: int) -> Pieces:
    for _ in range(0, size, len(piece)):
        yield piece


def _at_once() -> None:
    """Wait for nothing."""


def long_header(size: int, before_end: Callable[[], object] = _at_once) -> Pieces:
    """Yield a request with a header of so many bytes; its end comes after ``before_end``."""
    yield b"GET /health HTTP/1.1\r\nHost: t\r\nX: "
    yield from _many(_PIECE, size)
    before_end()
    yield b"\r\n\r\n"


def many_headers(number: int) -> Pieces:
    """Yield a request with so many headers."""
    yield b"GET /health HTTP/1.1\r\nHost: t\r\n"
    yield b"".join(b"X-%d: y\r\n" % each for each in range(number)) + b"\r\n"


def declared_body(size: int) -> Pieces:
    """Yield a body of a length that is told before."""
    yield _RESERVE + _JSON + b"Content-Length: %d\r\n\r\n" % size
    yield from _many(_PIECE, size)


def chunked_body(size: int) -> Pieces:
    """Yield a body in chunks."""
    yield _RESERVE + _JSON + b"Transfer-Encoding: chunked\r\n\r\n"
    yield from _many(b"%x\r\n%b\r\n" % (len(_PIECE), _PIECE), size)
    yield b"0\r\n\r\n"


def json_body(body: bytes) -> Pieces:
    """Yield a reservation with this for its body."""
    yield _RESERVE + _JSON + b"Content-Length: %d\r\n\r\n" % len(body) + body


def path(target: str) -> Pieces:
    """Yield a read of a target, as it is written."""
    yield b"GET %b HTTP/1.1\r\nHost: t\r\n\r\n" % target.encode()


def two_lengths() -> Pieces:
    """Yield a request whose end depends on who reads it, with another one behind it."""
    yield _RESERVE + _JSON + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield b"0\r\n\r\nPUT /stores/north/inventory/smuggled HTTP/1.1\r\nHost: t\r\n" + _JSON
    yield b'Content-Length: 11\r\n\r\n{"onHand":1}'


ATTACKS: dict[str, Callable[[], Pieces]] = {
    "20 MB header": lambda: long_header(20 * MIB),
    "20,000 headers": lambda: many_headers(20_000),
    "60 MB body": lambda: declared_body(60 * MIB),
    "60 MB body in chunks": lambda: chunked_body(60 * MIB),
    "two lengths": two_lengths,
    "deep arrays": lambda: json_body(b"[" * 500_000 + b"]" * 500_000),
    "deep objects": lambda: json_body(b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
    "NaN": lambda: json_body(b'{"qty":NaN}'),
    "Infinity": lambda: json_body(b'{"qty":-Infinity}'),
    "1e400": lambda: json_body(b'{"qty":1e400}'),
    "500,000 digits": lambda: json_body(b'{"qty":' + b"9" * 500_000 + b"}"),
    "lone surrogate": lambda: json_body(b'{"qty":1,"reason":"\\ud800"}'),
    "no UTF-8": lambda: json_body(b'{"qty":1,"reason":"\xff"}'),
    "..": lambda: path("/stores/../inventory/sku-1"),
    "encoded ..": lambda: path("/stores/%2e%2e/inventory/%2e%2e%2f%2e%2e%2fpasswd"),
    "NUL": lambda: path("/stores/north/inventory/a%00b"),
    "bidi override": lambda: path("/stores/north/inventory/%E2%80%AEa"),
    "overlong slash": lambda: path("/stores/north/inventory/%C0%AF"),
    "endless target": lambda: path("/stores/" + "a" * 1_000_000),
}


def carry_out(port: int, pieces: Pieces) -> int | None:
    """Send as much as the server takes; return the status that it answered, None when none."""
    with socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S) as client:
        with suppress(ConnectionError):
            for piece in pieces:
                client.sendall(piece)
        received = b""
        with suppress(ConnectionError):
            while b"\r\n" not in received and (more := client.recv(65_536)):
                received += more
    return int(received.split()[1]) if received else None


def carry_out_at_once(port: int, attacks: list[Pieces]) -> list[int | None]:
    """Carry out all of them at the same time."""
    with ThreadPoolExecutor(len(attacks)) as pool:
        return list(pool.map(lambda pieces: carry_out(port, pieces), attacks))


class Memory:
    """The resident memory of a process, looked at again and again from a thread."""

    def __init__(self, pid: int) -> None:
        self._statm = Path(f"/proc/{pid}/statm")
        self._begin = self._peak = self._now()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    @property
    def growth(self) -> int:
        """How much more it was at its peak than at the begin, in bytes."""
        return self._peak - self._begin

    def await_growth(self, size: int, within_s: float = _GROWS_WITHIN_S) -> None:
        """Wait until it has grown by more than that, or for so long in vain."""
        deadline = time.monotonic() + within_s
        while self.growth <= size and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_S)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()

    def _now(self) -> int:
        return int(self._statm.read_text().split()[1]) * _PAGE

    def _look(self) -> None:
        while not self._done.is_set():
            self._peak = max(self._peak, self._now())
            time.sleep(_LOOK_EVERY_S)
