"""What an endpoint answers; the gateway sends it."""

from collections.abc import AsyncIterator
from typing import Any, Protocol

from msgspec import json

from surestock.ledger.port import Outcome

JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
NDJSON = (b"content-type", b"application/x-ndjson")
EVENTS = (b"content-type", b"text/event-stream")
REPLAYED = (b"idempotent-replayed", b"true")
_OK = 200
_CREATED = 201
_NO_CONTENT = 204
_OF_A_BODY = (b"content-type", b"etag")

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


def tagged_answer(body: Any, version: int) -> Answer:  # noqa: ANN401 - what msgspec can encode
    """Answer a read with the JSON of ``body``, and its version as the ETag."""
    return Answer(_OK, encode(body), [JSON, (b"etag", b'"%d"' % version)])


def without_body(answer: Answer) -> Answer:
    """Answer with the headers alone: there is nothing to show any more."""
    headers = [header for header in answer.headers if header[0] not in _OF_A_BODY]
    return Answer(_NO_CONTENT, b"", headers)


def outcome_answer(outcome: Outcome) -> Answer:
    """Answer a mutation: the reply's bytes as they are on record."""
    reply = outcome.reply
    headers = [JSON, (b"x-commit-sequence", b"%d" % outcome.sequence)]
    if reply.version is not None:
        headers.append((b"etag", b'"%d"' % reply.version))
    if outcome.replayed:
        headers.append(REPLAYED)
    status = _OK
    if reply.created:
        status = _CREATED
        if reply.reservation_id is not None:
            headers.append((b"location", f"/reservations/{reply.reservation_id}".encode()))
    return Answer(status, bytes(reply.body), headers)
