"""Uvicorn's HTTP protocol behind a guard: requests out of bytes, and nothing but requests.

ASGI middleware cannot see what happens here: heads that never end, bodies that trickle, bytes that
two servers would read differently. Whatever is not a request is refused in the order in which it
came, as a problem, and nothing that follows it on its connection is carried out.
"""

import asyncio
from functools import partial
from typing import Any, Final, NoReturn
from urllib.parse import unquote

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from surestock.api.presence import WATCHED
from surestock.api.sending import ABORT, PROGRESS, WHOLE_ANSWER
from surestock.inventory.unavailable import Overloaded
from surestock.kit.errors import SurestockError
from surestock.runtime.web.extensions import answer_whole
from surestock.runtime.web.head import framing_fault, malformed, size_fault, target_of
from surestock.runtime.web.pace import BETWEEN, BODY, HEAD
from surestock.runtime.web.reading import Reading

_ASGI: Final = {"version": "3.0", "spec_version": "2.3"}


class _Enough(Exception):
    """Stops the parser, from within one of its callbacks."""


class WebProtocol(Reading):
    """Reads requests, and lets uvicorn's cycles answer them."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's to choose
        super().__init__(*given, **named)
        self._hosts = 0
        self._coding: bytes | None = None

    def on_message_begin(self) -> None:
        """Begin a head, unless the client or the server said that the last request was the last."""
        cycle = self.newest()
        if cycle is not None and not cycle.keep_alive:
            self.over = True
            raise _Enough
        self.part = HEAD
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._hosts = 0
        self._coding = None

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; one that follows a body in chunks means nothing."""
        if self.part != HEAD:
            return
        name = name.lower()
        self.headers.append((name, value))
        if name == b"host":
            self._hosts += 1
        elif name == b"expect":
            self.expect_100_continue = value.lower() == b"100-continue"
        elif name == b"transfer-encoding":
            self._coding = value if self._coding is None else b"%b, %b" % (self._coding, value)

    def on_headers_complete(self) -> None:
        """Begin the request, or let it wait for those before it."""
        parser = self.parser
        version = parser.get_http_version()
        method = parser.get_method().decode("ascii")
        if parser.should_upgrade():
            upgrading: dict[str, Any] = {"method": method, "http_version": version}
            self.scope = upgrading  # type: ignore[assignment]  # enough for reading it again
            return
        if self.pipeline or self._coding is not None or self._hosts != 1 or version != "1.1":
            self._check_framing(version)
        if self.unread > self._most_unread or len(self.headers) > self.limits.headers:
            self._check_size()
        scope = self._scope(version, method)
        before = self.newest()
        cycle = self.cycle = RequestResponseCycle(
            scope=scope,  # type: ignore[arg-type]  # uvicorn's is narrower
            transport=self.wire,  # type: ignore[arg-type]  # all that a cycle uses of one
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue and version != "1.0",
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        scope["extensions"] = {
            WHOLE_ANSWER: partial(answer_whole, self.must_close, cycle),
            ABORT: self.abort,
            PROGRESS: self.grant_time,
            WATCHED: self.watch,
        }
        self.part = BODY
        self.unread = 0
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def _check_size(self) -> None:
        too_large = size_fault(self.url, self.headers, self.limits)
        if too_large is not None:
            self._stop(too_large, "head_too_large")

    def _check_framing(self, version: str) -> None:
        """Refuse what must not become a request, although the parser lets it through."""
        fault = framing_fault(version, self._hosts, self._coding)
        if fault is not None:
            self._stop(fault, "malformed")
        if len(self.pipeline) >= self.limits.pipelined:
            self._stop(Overloaded("Too many requests wait on this connection."), "pipelined")

    def _scope(self, version: str, method: str) -> dict[str, Any]:
        target = target_of(self.url)
        if target is None:
            self._stop(malformed("the target of the request is not one"), "malformed")
        path = target.path.decode("ascii")
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": version,
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "method": method,
            "root_path": "",
            "path": unquote(path) if "%" in path else path,
            "raw_path": target.path,
            "query_string": target.query or b"",
            "headers": self.headers,
        }

    def _stop(self, error: SurestockError, reason: str) -> NoReturn:
        self.refuse(error, reason)
        raise _Enough

    def on_body(self, body: bytes) -> None:
        """Hand a piece of the body on; of a request that is answered, drop it."""
        self.unread = 0
        self.credit_body(len(body))
        cycle = self.cycle
        if cycle.response_complete:
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End the request, unless it is to be read again."""
        if self.part != BODY:
            return
        self.part = BETWEEN
        self.unread = 0
        self.next_request = True
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Count an answer and go on."""
        self.server_state.total_requests += 1
        self.answered()
