"""What an endpoint answers; the gateway sends it."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from msgspec import json

from surestock.inventory.model import Level
from surestock.inventory.reply import stock_body
from surestock.ledger.port import Outcome

JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
NDJSON = (b"content-type", b"application/x-ndjson")
EVENTS = (b"content-type", b"text/event-stream")
_REPLAYED = (b"idempotent-replayed", b"true")
_OK = 200
_CREATED = 201

encode = json.Encoder().encode


class Chunks(Protocol):
    """A body in pieces. Whoever takes them closes it, whether it has ended or not."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Return what gives the pieces."""
        ...

    async def aclose(self) -> None:
        """Let go of whatever the pieces are made from."""
        ...


class Answer:
    """A status, headers (with the content type, without its length), and a body.

    With ``chunks`` the body is a stream of these, and ``body`` is not sent. With ``patience_s`` it
    is a stream that need not end: it is given up when the client hangs up, or takes longer than so
    many seconds to take a chunk.
    """

    __slots__ = ("body", "chunks", "headers", "patience_s", "status")

    def __init__(
        self,
        status: int,
        body: bytes,
        headers: list[tuple[bytes, bytes]],
        chunks: Chunks | None = None,
        patience_s: float | None = None,
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers
        self.chunks = chunks
        self.patience_s = patience_s


def json_answer(body: Any, status: int = _OK) -> Answer:  # noqa: ANN401 - what msgspec can encode
    """Answer with the JSON of ``body``."""
    return Answer(status, encode(body), [JSON])


def stock_answer(level: Level) -> Answer:
    """Answer a read with a stock record and its version as the ETag."""
    return Answer(_OK, encode(stock_body(level)), [JSON, (b"etag", b'"%d"' % level.version)])


def outcome_answer(outcome: Outcome) -> Answer:
    """Answer a mutation: the reply's bytes as they are on record."""
    reply = outcome.reply
    headers = [JSON, (b"x-commit-sequence", b"%d" % outcome.sequence)]
    if reply.version is not None:
        headers.append((b"etag", b'"%d"' % reply.version))
    if outcome.replayed:
        headers.append(_REPLAYED)
    status = _OK
    if reply.created:
        status = _CREATED
        if reply.reservation_id is not None:
            headers.append((b"location", f"/reservations/{reply.reservation_id}".encode()))
    return Answer(status, bytes(reply.body), headers)
