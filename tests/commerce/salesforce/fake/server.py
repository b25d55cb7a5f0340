"""The fake as a server: tokens, and the faults that it is told to have.

A fault meets one request. It may come before what is asked for is done, after, or long after.
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeAlias
from urllib.parse import parse_qsl, urlsplit

from tests.commerce.salesforce.fake.guests import Guests
from tests.commerce.salesforce.fake.routes import shopped
from tests.commerce.salesforce.fake.shop import Basket, Product, Shop
from tests.commerce.salesforce.fake.wire import DROPPED, Answer, Asked, problem

Deed: TypeAlias = Callable[[], Answer]
Fault: TypeAlias = Callable[[Deed], Answer]


@dataclass
class Fake:
    guests: Guests = field(default_factory=Guests)
    shop: Shop = field(default_factory=lambda: Shop(_goods()))
    faults: list[tuple[str, Fault]] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    held: list[Deed] = field(default_factory=list)
    turn: threading.RLock = field(default_factory=threading.RLock)

    def meet(self, pattern: str, fault: Fault) -> None:
        """Let the next request whose "METHOD /path" has this pattern in it meet a fault."""
        self.faults.append((pattern, fault))

    def hold(self, deed: Deed) -> Answer:
        """Answer like a platform whose 10 s are over, and do it when :meth:`release` is called."""
        self.held.append(deed)
        return problem(504, "gateway-timeout")

    def release(self) -> None:
        """Do what was held."""
        with self.turn:
            while self.held:
                self.held.pop()()

    def answer(self, asked: Asked) -> Answer:
        line = f"{asked.method} {asked.path}"
        with self.turn:
            self.heard.append(line)
            fault = next((one for one in self.faults if re.search(one[0], line)), None)
            if fault is not None:
                self.faults.remove(fault)
        return self._done(asked) if fault is None else fault[1](lambda: self._done(asked))

    def _done(self, asked: Asked) -> Answer:
        with self.turn:
            if asked.path.endswith("/oauth2/authorize"):
                return self.guests.authorize(asked)
            if asked.path.endswith("/oauth2/token"):
                return self.guests.token(asked)
            token = asked.headers.get("authorization", "").removeprefix("Bearer ")
            owner = self.guests.access.get(token)
            if owner is None:
                return problem(401, "invalid-access-token")
            return shopped(self.shop, owner, asked)


def instead(answer: Answer) -> Fault:
    """Answer so, and do nothing."""
    return lambda _: answer


def lost(deed: Deed) -> Answer:
    """Do it, and break the connection."""
    deed()
    return DROPPED


def garbled(answer: Answer) -> Fault:
    """Do it, and answer otherwise."""

    def fault(deed: Deed) -> Answer:
        deed()
        return answer

    return fault


def occupied(fake: Fake) -> Fault:
    """Let the site's own hooks have given the guest a basket just before, with something in it."""

    def fault(deed: Deed) -> Answer:
        owner = list(fake.guests.access.values())[-1]
        hooked = Basket(owner, "USD", items={"item-0": ("phone-1", 9)})
        fake.shop.baskets[hooked.basket_id] = hooked
        return deed()

    return fault


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: the second of two waits for the first's receipt

    def _any(self) -> None:
        address = urlsplit(self.path)
        asked = Asked(
            self.command,
            address.path,
            dict(parse_qsl(address.query)),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(int(self.headers.get("content-length") or 0)),
        )
        assert isinstance(self.server, FakeServer)
        answer = self.server.fake.answer(asked)
        if answer.status == 0:
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any  # noqa: N815 -- as http.server calls it

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its signature
        """Say nothing: the fake keeps what it heard."""


class FakeServer(ThreadingHTTPServer):
    """Serves ``fake``, which a test may replace by a fresh one."""

    daemon_threads = True
    fake: Fake

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving() -> Iterator[FakeServer]:
    """Serve a fake at a free port while the context lasts."""
    server = FakeServer(("127.0.0.1", 0), _Handler)
    server.fake = Fake()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _goods() -> dict[str, Product]:
    return {
        "phone-1": Product(Decimal("899.99"), 100_000),
        "plan-1": Product(Decimal("19.5"), 100_000),
        "case-1": Product(Decimal(5), 100_000),
        "scarce-1": Product(Decimal("1.10"), 3),
    }
