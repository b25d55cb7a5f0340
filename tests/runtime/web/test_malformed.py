"""What is not a request is refused, in its turn; nothing of it or behind it is carried out."""

import pytest

from surestock.runtime.web.protocol import WebProtocol
from tests.runtime.web.guarded import guarded
from tests.runtime.web.wires import answers_in

NEXT = b"GET /behind HTTP/1.1\r\nHost: t\r\n\r\n"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"


def with_headers(*headers: bytes, version: bytes = b"1.1") -> bytes:
    return b"\r\n".join([b"POST /x HTTP/" + version, b"Host: t", *headers, b"", b""])


FRAMING = {
    "length and chunks": with_headers(b"Content-Length: 3", b"Transfer-Encoding: chunked"),
    "chunks and length": with_headers(b"Transfer-Encoding: chunked", b"Content-Length: 3"),
    "another coding, too": with_headers(b"Transfer-Encoding: gzip, chunked"),
    "coding by another name": with_headers(b"Transfer-Encoding: xchunked"),
    "coding behind another": with_headers(b"Transfer-Encoding: xc", b"Transfer-Encoding: chunked"),
    "coding before another": with_headers(b"Transfer-Encoding: chunked", b"Transfer-Encoding: x"),
    "identity": with_headers(b"Transfer-Encoding: identity"),
    "chunked twice": with_headers(b"Transfer-Encoding: chunked, chunked"),
    "two codings": with_headers(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    "no coding": with_headers(b"Transfer-Encoding:"),
    "vertical tab": with_headers(b"Transfer-Encoding: \x0bchunked"),
    "chunks in HTTP/1.0": with_headers(b"Transfer-Encoding: chunked", version=b"1.0"),
    "two lengths": with_headers(b"Content-Length: 3", b"Content-Length: 3"),
    "length with a sign": with_headers(b"Content-Length: +3"),
    "negative length": with_headers(b"Content-Length: -3"),
    "list of lengths": with_headers(b"Content-Length: 3, 3"),
    "hexadecimal length": with_headers(b"Content-Length: 0x3"),
    "length with an underscore": with_headers(b"Content-Length: 1_0"),
    "empty length": with_headers(b"Content-Length:"),
    "length beyond 64 bits": with_headers(b"Content-Length: 99999999999999999999"),
    "no host": b"GET /x HTTP/1.1\r\n\r\n",
    "two hosts": b"GET /x HTTP/1.1\r\nHost: t\r\nHost: t\r\n\r\n",
    "two hosts in HTTP/1.0": b"GET /x HTTP/1.0\r\nHost: t\r\nHost: u\r\n\r\n",
    "folded header": with_headers(b"X: a\r\n b"),
    "folded first header": b"GET /x HTTP/1.1\r\n Host: t\r\n\r\n",
    "bare LF": b"GET /x HTTP/1.1\nHost: t\n\n",
    "bare LF in the head": b"GET /x HTTP/1.1\r\nHost: t\nX: y\r\n\r\n",
    "bare LF at its end": b"GET /x HTTP/1.1\r\nHost: t\r\n\n",
    "bare CR": b"GET /x HTTP/1.1\rHost: t\r\r",
    "CR in a value": with_headers(b"X: a\rb"),
    "NUL in a value": with_headers(b"X: a\0b"),
    "space before the colon": with_headers(b"Content-Length : 3"),
    "header without a colon": with_headers(b"word"),
    "header without a name": with_headers(b": value"),
    "name beyond ASCII": with_headers(b"X\xff: y"),
    "path beyond ASCII": b"GET /\xff HTTP/1.1\r\nHost: t\r\n\r\n",
    "no path": b"GET http://t HTTP/1.1\r\nHost: t\r\n\r\n",
    "no slash": b"GET x HTTP/1.1\r\nHost: t\r\n\r\n",
    "unknown method": b"STEAL /x HTTP/1.1\r\nHost: t\r\n\r\n",
    "method in small letters": b"get /x HTTP/1.1\r\nHost: t\r\n\r\n",
    "CONNECT": b"CONNECT t:1 HTTP/1.1\r\nHost: t\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/2.0 in words": b"GET /x HTTP/2.0\r\nHost: t\r\n\r\n",
    "HTTP/0.9": b"GET /x HTTP/0.9\r\nHost: t\r\n\r\n",
    "HTTP/1.2": b"GET /x HTTP/1.2\r\nHost: t\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "nothing like it": b"\0\1\2\3" * 100,
}
BODIES = {
    "chunk size with a prefix": b"0x1\r\na\r\n0\r\n\r\n",
    "chunk size with a sign": b"-1\r\na\r\n0\r\n\r\n",
    "chunk size beyond 64 bits": b"fffffffffffffffff\r\n",
    "chunk size with a space": b"1 \r\na\r\n0\r\n\r\n",
    "chunk that is too long": b"1\r\nab\r\n0\r\n\r\n",
    "chunk that ends in LF": b"1\r\na\n0\r\n\r\n",
    "chunk sizes that end in LF": b"1\na\n0\n\n",
    "LF in an extension": b'1;a="\n"\r\na\r\n0\r\n\r\n',
    "length in the trailer": b"0\r\nContent-Length: 3\r\n\r\n",
}


@pytest.mark.parametrize("sent", FRAMING.values(), ids=FRAMING.keys())
async def test_a_malformed_head_is_a_400_and_the_end(sent: bytes) -> None:
    async with guarded() as service:
        (answer,) = answers_in(await service.exchange(sent + NEXT))
        assert answer.status == 400
        assert answer.problem()["error"] == "ValidationError"
        assert service.words.served == []
        assert service.words.gone == []
        assert service.metrics.connections_ended == {"malformed": 1}
        assert await service.is_well()


@pytest.mark.parametrize("sent", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "head first"])
async def test_a_malformed_body_takes_its_request_back(sent: bytes, *, at_once: bool) -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(CHUNKED + sent + NEXT if at_once else CHUNKED)
        if not at_once:
            await service.until(lambda: service.server.server_state.tasks)
            client.send(sent + NEXT)
        (answer,) = answers_in(await client.rest())
        assert answer.status == 400
        answer.problem()
        await service.until(lambda: service.words.gone)
        assert (service.words.served, service.words.gone) == ([], ["/x"])
        assert await service.is_well()


@pytest.mark.parametrize("bad", [FRAMING["two lengths"], CHUNKED + b"zz\r\n", b"\0\r\n\r\n"])
async def test_requests_before_a_malformed_one_are_answered_first(bad: bytes) -> None:
    async with guarded() as service:
        before = b"".join(b"GET /%d HTTP/1.1\r\nHost: t\r\n\r\n" % number for number in range(5))
        *good, refused = answers_in(await service.exchange(before + bad + NEXT))
        assert [it.body for it in good] == [b"/%d:" % number for number in range(5)]
        assert refused.status == 400
        assert [path for _, path, _ in service.words.served] == [f"/{it}" for it in range(5)]


async def test_a_refusal_names_the_request_as_its_client_does() -> None:
    async with guarded() as service:
        sent = with_headers(b"X-Request-Id: mine", b"Transfer-Encoding: gzip, chunked")
        (answer,) = answers_in(await service.exchange(sent))
        assert answer.problem()["requestId"] == "mine"
        assert answer.problem()["instance"] == "/x"


async def test_what_follows_a_last_request_is_never_carried_out() -> None:
    async with guarded() as service:
        last = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        (answer,) = answers_in(await service.exchange(last + NEXT * 100))
        assert answer.body == b"/last:"
        assert service.words.served == [("GET", "/last", b"")]
        assert service.metrics.connections_ended == {}


async def test_a_flood_behind_a_last_request_is_dropped() -> None:
    async with guarded() as service:
        last = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        (answer,) = answers_in(await service.exchange(last + b"y" * 200_000))
        assert answer.body == b"/last:"
        assert service.metrics.connections_ended == {}


async def test_what_comes_once_the_server_ends_is_never_carried_out() -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(b"GET /hold HTTP/1.1\r\nHost: t\r\n\r\n")
        await service.until(lambda: service.server.server_state.tasks)
        (connection,) = service.server.server_state.connections
        assert isinstance(connection, WebProtocol)
        connection.shutdown()
        client.send(NEXT)
        await service.until(lambda: connection.over)
        service.words.let.set()
        (answer,) = answers_in(await client.rest())
        assert (answer.body, answer.headers[b"connection"]) == (b"/hold:", b"close")


async def test_headers_behind_a_body_mean_nothing() -> None:
    async with guarded() as service:
        sent = CHUNKED + b"3\r\nabc\r\n0\r\nHost: u\r\nIdempotency-Key: y\r\n\r\n"
        last = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
        first, second = answers_in(await service.exchange(sent + last))
        assert (first.body, second.body) == (b"/x:abc", b"/last:")
        assert b"idempotency-key" not in dict(service.words.headers["/x"])


@pytest.mark.parametrize("word", [b"websocket", b"h2c", b"TLS/1.2"])
async def test_a_wish_to_change_the_protocol_is_ignored(word: bytes) -> None:
    wish = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: %b\r\n" % word
    get = b"GET /a HTTP/1.1\r\nHost: t\r\n%b\r\n" % wish
    body = b"GET /smuggled HTTP/1.1\r\nHost: t\r\n\r\n"
    post = b"POST /b HTTP/1.1\r\nHost: t\r\n%bContent-Length: %d\r\n\r\n" % (wish, len(body))
    last = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
    async with guarded() as service:
        await service.exchange(get + post + body + get + last)
        assert service.words.served == [
            ("GET", "/a", b""),
            ("POST", "/b", body),
            ("GET", "/a", b""),
            ("GET", "/last", b""),
        ]
        assert service.metrics.connections_ended == {}
