"""The client of the platforms meets a server that means harm, and says what is known after it."""

import asyncio

import pytest
from msgspec import Struct, structs

from surestock.commerce.errors import BadAnswer, CommerceError, OutcomeUnknown, Unavailable
from surestock.commerce.http import Http
from surestock.commerce.reply import Reply
from surestock.telemetry.trace import TRACEPARENT
from tests.commerce.hostile_server import (
    FAST,
    PATIENT,
    Behave,
    drips,
    never,
    ok,
    platform,
    reset,
    says,
)

_LATE = pytest.mark.parametrize(
    ("safe", "error"), [(True, Unavailable), (False, OutcomeUnknown)], ids=["safe", "unsafe"]
)


_ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\nX: "
_ENDLESS_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"


async def test_an_answer_comes_whole() -> None:
    async with platform(says(ok(b'{"a": 1}', b"X-Token: t\r\n"))) as (http, server):
        reply = await http.send("POST", "/carts", safe=True, json={"b": 2}, query={"c": "d e"})
        assert (reply.status, reply.headers["x-token"]) == (200, "t")
        assert reply.decode(dict[str, int]) == {"a": 1}
    head, body = server.requests[0]
    assert head.startswith("post /api/carts?c=d+e http/1.1")
    assert "content-type: application/json" in head
    assert body == b'{"b":2}'


async def test_a_form_is_sent_as_one() -> None:
    async with platform(says(ok(b"{}"))) as (http, server):
        await http.send("POST", "/token", safe=True, form={"grant": "a b"})
    head, body = server.requests[0]
    assert "content-type: application/x-www-form-urlencoded" in head
    assert body == b"grant=a+b"


async def test_whoever_is_not_there_was_not_asked() -> None:
    async with platform(never) as (http, _):
        pass
    http = Http(structs.replace(FAST, base_url="http://127.0.0.1:1"))
    for safe in (True, False):
        with pytest.raises(Unavailable):
            await http.send("POST", "/orders", safe=safe, json={})
    await http.aclose()


async def test_when_all_connections_are_taken_nothing_was_asked() -> None:
    one = structs.replace(PATIENT, most_connections=1, pool_s=0.05)
    async with platform(never, one) as (http, server), asyncio.TaskGroup() as group:
        first = group.create_task(http.send("GET", "/", safe=True))
        await server.asked.wait()
        with pytest.raises(Unavailable):
            await http.send("POST", "/orders", safe=False, json={})
        assert len(server.requests) == 1
        first.cancel()


async def _end_of(behave: Behave, *, safe: bool) -> tuple[CommerceError, int]:
    """Send a request; return its end, and how many the server has had."""
    async with platform(behave, FAST) as (http, server):
        with pytest.raises(CommerceError) as raised:
            await http.send("POST", "/orders", safe=safe, json={})
        return raised.value, len(server.requests)


@_LATE
@pytest.mark.parametrize(
    "behave",
    [
        never,
        reset,
        drips(_ENDLESS_HEAD),
        drips(_ENDLESS_BODY),
        says(b"HTTP/1.1 two hundred\r\n\r\n"),
        says(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000 + b"\r\n\r\n"),
    ],
    ids=["silent", "reset", "drips-head", "drips-body", "no-http", "endless-header"],
)
async def test_a_request_that_left_without_an_answer(
    behave: Behave,
    *,
    safe: bool,
    error: type[Exception],
) -> None:
    for _ in range(20):
        told, requests = await _end_of(behave, safe=safe)
        if requests:
            assert (type(told), requests) == (error, 1)
            return
        # The machine stood still until the time was over, and nothing had left.
    pytest.fail("no request left")


@_LATE
async def test_an_answer_that_breaks_off_is_none(*, safe: bool, error: type[Exception]) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    async with platform(half) as (http, _):
        with pytest.raises(error):
            await http.send("POST", "/orders", safe=safe, json={})


@pytest.mark.parametrize(
    ("safe", "error"), [(True, BadAnswer), (False, OutcomeUnknown)], ids=["safe", "unsafe"]
)
@pytest.mark.parametrize(
    "answer",
    [
        ok(b"a" * 1001),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1f4\r\n" + b"a" * 500 + b"\r\n"
        b"1f5\r\n" + b"a" * 501 + b"\r\n0\r\n\r\n",
        ok(b"\x1f\x8b", b"Content-Encoding: gzip\r\n"),
    ],
    ids=["too-large", "too-large-in-chunks", "compressed"],
)
async def test_an_answer_that_is_too_much_is_cut_off(
    answer: bytes,
    *,
    safe: bool,
    error: type[Exception],
) -> None:
    small = structs.replace(PATIENT, most_bytes=1000)
    async with platform(says(answer), small) as (http, _):
        with pytest.raises(error):
            await http.send("POST", "/orders", safe=safe, json={})


async def test_an_answer_of_the_largest_size_is_taken() -> None:
    small = structs.replace(PATIENT, most_bytes=1000)
    async with platform(says(ok(b"a" * 1000)), small) as (http, _):
        assert len((await http.send("GET", "/", safe=True)).body) == 1000


async def test_nothing_is_kept_between_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:1")
    answer = b"HTTP/1.1 302 Found\r\nLocation: /else\r\nSet-Cookie: session=ann\r\n"
    async with platform(says(answer + b"Content-Length: 0\r\n\r\n")) as (http, server):
        for _ in range(2):
            assert (await http.send("GET", "/", safe=True)).status == 302
    assert len(server.requests) == 2
    assert not any("cookie" in head for head, _ in server.requests)
    assert all("accept-encoding: identity" in head for head, _ in server.requests)


async def test_the_trace_of_the_request_is_passed_on() -> None:
    async with platform(says(ok(b""))) as (http, server):
        await http.send("GET", "/", safe=True)
        parent = f"00-{'a' * 32}-{'b' * 16}-01"
        token = TRACEPARENT.set(parent)
        await http.send("GET", "/", safe=True)
        TRACEPARENT.reset(token)
    assert "traceparent" not in server.requests[0][0]
    assert f"traceparent: {parent}" in server.requests[1][0]


async def test_a_path_cannot_name_another_host() -> None:
    async with platform(says(ok(b""))) as (http, server):
        with pytest.raises(ValueError, match="begins with a slash"):
            await http.send("GET", "@127.0.0.1:1/", safe=True)
        await http.send("GET", "//127.0.0.1:1/", safe=True)
    assert len(server.requests) == 1


async def test_a_cancelled_request_ends_at_once() -> None:
    async with platform(never) as (http, server), asyncio.TaskGroup() as group:
        asked = group.create_task(http.send("POST", "/orders", safe=False, json={}))
        await server.asked.wait()
        asked.cancel()
    assert asked.cancelled()


class _Cart(Struct):
    qty: int
    more: object = None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>s3cret",
        b'{"qty": "s3cret"}',
        b'{"s3cret": 1}',
        b'{"qty": 1, "more": "\xff"}',
        b'{"qty": 1, "more": ' + b"[" * 100_000,
    ],
    ids=["empty", "html", "wrong-type", "missing", "no-utf-8", "deep"],
)
def test_an_answer_of_another_form_is_bad_and_not_quoted(body: bytes) -> None:
    with pytest.raises(BadAnswer, match="no _Cart") as raised:
        Reply(200, {}, body).decode(_Cart)
    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7), ("0", 1), ("9" * 50, 60), ("-1", 1), ("Fri, 31 Dec 1999 23:59:59 GMT", 1), ("٣", 1)],
)
def test_a_wait_is_a_bounded_number_of_seconds(text: str, seconds: int) -> None:
    assert Reply(429, {"retry-after": text}, b"").retry_after_s == seconds
