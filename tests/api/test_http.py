"""HTTP itself: methods, paths, types, sizes, ids of requests, and the log line of each."""

from typing import Any

import pytest

from surestock.api.body import MOST_BODY_BYTES
from tests.api.desk import LEVEL, Api, problem, raw, scope_of

ABOUT_HTTP = True

RESERVE = f"{LEVEL}/reserve"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", LEVEL, "GET, HEAD, PUT"),
        ("OPTIONS", LEVEL, "GET, HEAD, PUT"),
        ("GET", RESERVE, "POST"),
        ("TRACE", "/events", "GET, HEAD"),
        ("PATCH", "/reservations", "POST"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
async def test_another_method_is_refused_with_every_method_there_is(
    api: Api, method: str, path: str, allow: str
) -> None:
    answer = await api.send(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert problem(answer)["error"] == "MethodNotAllowed"


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/stores", f"{LEVEL}/x/y", "/health/", "//health"]
)
async def test_a_path_that_names_nothing_is_not_found(api: Api, path: str) -> None:
    status, _, body = await raw(api, "GET", path.encode())
    assert (status, b'"error":"NotFound"' in body) == (404, True)


async def test_head_is_get_without_the_body(api: Api) -> None:
    await api.count(10)
    head, got = await api.send("HEAD", LEVEL), await api.get(LEVEL)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert head.headers["content-length"] == str(len(got.content))


@pytest.mark.parametrize(
    "given",
    [
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=UTF-8",
        'application/json;charset="utf-8"',
    ],
)
async def test_json_is_taken(api: Api, given: str) -> None:
    await api.count(10)
    answer = await api.post(RESERVE, {"qty": 1}, content_type=given)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "given",
    ["text/plain", "", "application/x-www-form-urlencoded", "application/json; charset=latin-1"],
)
async def test_another_type_is_refused(api: Api, given: str) -> None:
    await api.count(10)
    answer = await api.post(RESERVE, {"qty": 1}, content_type=given)
    assert (answer.status_code, problem(answer)["error"]) == (415, "UnsupportedMediaType")
    assert await api.sequence() == 1


async def test_a_body_without_a_type_is_refused(api: Api) -> None:
    assert (await api.client.post(RESERVE, content=b'{"qty":1}')).status_code == 415


async def test_an_encoded_body_is_refused(api: Api) -> None:
    answer = await api.post(RESERVE, {"qty": 1}, content_encoding="gzip")
    assert answer.status_code == 415


async def test_a_body_over_the_limit_is_refused_unread(api: Api) -> None:
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % (MOST_BODY_BYTES + 1)),
    ]
    status, _, body = await raw(api, "POST", RESERVE.encode(), headers)
    assert (status, b'"error":"BodyTooLarge"' in body) == (413, True)


async def test_a_body_that_grows_over_the_limit_is_refused(api: Api) -> None:
    headers = [(b"content-type", b"application/json"), (b"transfer-encoding", b"chunked")]
    chunks = [b" " * 65_536] * (MOST_BODY_BYTES // 65_536 + 1)
    status, _, _ = await raw(api, "POST", RESERVE.encode(), headers, *chunks)
    assert status == 413


async def test_a_body_over_the_limit_in_one_piece_is_refused(api: Api) -> None:
    headers = [(b"content-type", b"application/json")]
    for size, status in ((MOST_BODY_BYTES, 400), (MOST_BODY_BYTES + 1, 413)):
        answer = await raw(api, "POST", RESERVE.encode(), headers, b" " * size)
        assert answer[0] == status


async def test_a_body_may_come_in_pieces(api: Api) -> None:
    await api.count(10)
    headers = [(b"content-type", b"application/json")]
    pieces = [bytes([byte]) for byte in b'{"qty":1}']
    status, _, _ = await raw(api, "POST", RESERVE.encode(), headers, *pieces)
    assert status == 200


async def test_an_optional_body_may_be_an_empty_one_of_unknown_length(api: Api) -> None:
    await api.count(10)
    made = (await api.post(RESERVE, {"qty": 1})).json()["reservationId"]
    headers = [(b"transfer-encoding", b"chunked")]
    target = f"/reservations/{made}/commit".encode()
    assert (await raw(api, "POST", target, headers, b""))[0] == 200


async def test_an_optional_body_has_to_be_json(api: Api) -> None:
    answer = await api.client.post("/reservations/some/commit", content=b"{}")
    assert answer.status_code == 415


@pytest.mark.parametrize("given", ["a", "!" * 128, "q-1~"])
async def test_a_request_id_is_echoed(api: Api, given: str) -> None:
    answer = await api.get("/health", x_request_id=given)
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", [b"", b"a b", b"x" * 129, b"\xfc", b"a\tb"])
async def test_an_unusable_request_id_is_replaced(api: Api, given: bytes) -> None:
    _, headers, _ = await raw(api, "GET", b"/health", [(b"x-request-id", given)])
    assert headers[b"x-request-id"].startswith(b"testboot-")


async def test_a_request_has_one_log_line(api: Api) -> None:
    await api.get(f"{LEVEL}?secret=1", x_request_id="req-1")
    assert api.lines == [
        {
            "event": "request",
            "level": "info",
            "ts": "2026-01-01T00:00:00Z",
            "method": "GET",
            "url": LEVEL,
            "status": 400,
            "durationMs": 0,
            "requestId": "req-1",
            "error": "ValidationError",
        }
    ]


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize(
    ("given", "logged"),
    [
        (f"00-{TRACE}-00f067aa0ba902b7-01", TRACE),
        (f"cc-{TRACE}-00f067aa0ba902b7-01-what-the-future-will-bring", TRACE),
        (f"00-{TRACE}-00f067aa0ba902b7-01-more", None),
        (f"ff-{TRACE}-00f067aa0ba902b7-01", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-{TRACE}-{'0' * 16}-01", None),
        (f"00-{TRACE.upper()}-00f067aa0ba902b7-01", None),
        ("nonsense", None),
    ],
)
async def test_the_trace_id_is_logged_when_it_is_valid(
    api: Api, given: str, logged: str | None
) -> None:
    answer = await api.get("/health", traceparent=given)
    assert answer.status_code == 200
    assert api.lines[0].get("traceId") == logged


async def test_a_client_that_hangs_up_early_changes_nothing(api: Api) -> None:
    await api.count(10)
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    await api.app(scope_of("POST", RESERVE.encode(), headers), receive, send)
    assert sent == []
    assert api.lines[-1]["status"] == 499
    assert await api.sequence() == 1
