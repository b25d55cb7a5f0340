"""One client of a crowd: a connection that sends, waits for the answer, and sends again.

It does as little as it can for a request, since it shares the machine with what it measures. The
greedy come again as soon as they are refused; the polite wait as long as they are told.
"""

import asyncio
import random
import re
from time import perf_counter
from typing import Protocol

from tests.proof.overload_terms import Group, Order
from tests.proof.workload import STORES, end_marker

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_RESERVATION = re.compile(rb'"reservationId":"([^"]+)"')


class Desk(Protocol):
    """Where clients report, and are told when it is over."""

    order: Order
    is_over: bool

    def took(self, client: "Client", status: int, seconds: float) -> None:
        """Count an answer."""
        ...

    def acknowledge(self, client: "Client", answer: bytes) -> None:
        """Write down what was said to be done."""
        ...

    def check(self, status: int, answer: bytes) -> float:
        """Return the seconds after which to come again; complain of what is not a refusal."""
        ...

    def complain(self, what: str) -> None:
        """Take note of something that must not be."""
        ...


class Client(asyncio.Protocol):
    """One connection, with one request on it at a time."""

    def __init__(self, desk: Desk, group: Group, number: int) -> None:
        self._desk = desk
        self._commits = group.kind == "commit"
        self.kind = "adjust" if group.kind == "adjust" else "reserve"
        self.address = group.address
        self._rest_s = group.rest_s
        self._dice = random.Random(number)
        self._buffer = b""
        self._sent_at = 0.0
        self._made = 0
        self._name = f"{desk.order.run}-{number}"
        self._request = b""
        self._keyed = False
        self.is_waiting = False
        self.subject = ""
        self.marker = ""

    def begin(self, transport: asyncio.Transport) -> None:
        """Send the first request over this connection."""
        self._transport = transport
        self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody may be cut off with a request on its way."""
        if self.is_waiting:
            self._desk.complain(f"the connection was lost: {exc}")

    def end(self) -> None:
        """Hang up."""
        self._transport.abort()

    def next(self) -> None:
        """Send something new."""
        self._made += 1
        self.marker = f"{self._name}-{self._made}"
        self._keyed = self._dice.randrange(100) < self._desk.order.keyed_percent
        store = self._dice.choice(STORES)
        sku = f"sku-{self._dice.randrange(self._desk.order.skus)}"
        self.subject = f"{store} {sku}"
        asked = '"delta":1' if self.kind == "adjust" else '"qty":1'
        body = f'{{{asked},"reference":"{self.marker}"}}'
        self._ask(f"/stores/{store}/inventory/{sku}/{self.kind}", body)

    def _commit(self, reservation: str) -> None:
        self.marker = end_marker(reservation)
        self._ask(f"/reservations/{reservation}/commit", "")

    def _ask(self, path: str, body: str) -> None:
        key = f"Idempotency-Key: key-{self.marker}\r\n" if self._keyed else ""
        self._request = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{key}Content-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()
        self.send()

    def send(self) -> None:
        """Send it, or send it again, unless it is over."""
        if self._desk.is_over:
            return
        self.is_waiting = True
        self._sent_at = perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the answer, and go on."""
        data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        length = _LENGTH.search(data, 0, end + 2) if end >= 0 else None
        if length is None or len(data) < end + 4 + int(length[1]):
            self._buffer = data
            return
        self._buffer = b""
        self.is_waiting = False
        status = int(data[9:12])
        self._desk.took(self, status, perf_counter() - self._sent_at)
        if 200 <= status < 300:
            self._accepted(data)
        else:
            self._refused(status, data)

    def _accepted(self, answer: bytes) -> None:
        self._desk.acknowledge(self, answer)
        reservation = _RESERVATION.search(answer) if self._commits else None
        if self.kind == "reserve" and reservation is not None:
            self.kind = "commit"
            self._commit(reservation[1].decode())
            return
        if self._commits:
            self.kind = "reserve"
        if self._rest_s:
            asyncio.get_running_loop().call_later(self._rest_s, self.next)
        else:
            self.next()

    def _refused(self, status: int, answer: bytes) -> None:
        wait_s = self._desk.check(status, answer)
        again = self.send if self._keyed or self.kind == "commit" else self.next
        if self._desk.order.polite:
            asyncio.get_running_loop().call_later(wait_s, again)
        else:
            again()
