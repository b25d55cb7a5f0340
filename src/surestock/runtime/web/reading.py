"""Bytes given to the parser, and what becomes of those that it does not take."""

from typing import Any, Final

import httptools

from surestock.runtime.web.connection import Connection
from surestock.runtime.web.head import malformed, too_long
from surestock.runtime.web.pace import BETWEEN

# More is given to the parser in pieces, so that a head that never ends is known to be too long.
_SLICE_BYTES: Final = 16 * 1024


class Reading(Connection):
    """A connection that is read from. Its parser calls back while it is given bytes."""

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - uvicorn's to choose
        super().__init__(*given, **named)
        self._most_unread = self.limits.head_bytes

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        size = len(data)
        if self.over:
            self.drop(size)
            return
        going_on = True
        if size <= _SLICE_BYTES:
            going_on = self._read(data)
        else:
            view = memoryview(data)
            for start in range(0, size, _SLICE_BYTES):
                going_on = self._read(view[start : start + _SLICE_BYTES])
                if not going_on:
                    break
        if going_on:
            self.settle()

    def _read(self, data: bytes | memoryview) -> bool:
        """Let the parser read; return whether it may read on."""
        self.unread += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._stay(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError:
            if not self.over:
                raise
        except httptools.HttpParserError as error:
            self.refuse(malformed(f"the request is not HTTP/1.1: {error}"), "malformed")
        else:
            if self.unread > self._most_unread and not self._was_last():
                self.refuse(too_long(self.limits), "head_too_large")
        return not self.over

    def _was_last(self) -> bool:
        """Stop reading, when a request was the last one: the parser drops what follows it."""
        request = self.newest()
        if self.part == BETWEEN and request is not None and not request.keep_alive:
            self.over = True
        return self.over

    def _stay(self, rest: bytes | memoryview) -> None:
        """Read a request again without its wish to change the protocol, which may be ignored.

        The parser takes such a request to end with its head, so a body would become a request.
        """
        if self.scope["method"] == "CONNECT":
            self.refuse(malformed("CONNECT is for proxies"), "malformed")
            return
        scope = self.scope
        words = (scope["method"].encode(), self.url, scope["http_version"].encode())
        lines = [b"%b %b HTTP/%b\r\n" % words]
        lines += [b"%b: %b\r\n" % header for header in self.headers if header[0] != b"upgrade"]
        if self._read(b"".join([*lines, b"\r\n"])):
            self._read(rest)
