"""The answer to what never becomes a request: a problem like any other, as bytes."""

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from surestock.api.headers import find_request_id
from surestock.api.problems import problem_answer
from surestock.kit.errors import SurestockError
from surestock.kit.ids import IdSource

Headers = list[tuple[bytes, bytes]]


def refusal(
    error: SurestockError, url: bytes, sent: Headers, default: Headers, ids: IdSource
) -> bytes:
    """Return the whole answer, after which the connection is closed.

    ``url`` and ``sent`` are what has arrived of the request's head, ``default`` goes before the
    headers of every answer.
    """
    request_id = find_request_id(dict(sent).get(b"x-request-id")) or ids.next()
    path = url.partition(b"?")[0].decode("ascii", "replace")
    answer = problem_answer(error, path, request_id)
    headers = [
        *default,
        *answer.headers,
        (b"content-length", b"%d" % len(answer.body)),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
    ]
    lines = [b"%b: %b\r\n" % header for header in headers]
    return b"".join([STATUS_LINE[answer.status], *lines, b"\r\n", answer.body])
