"""An answer that comes before the request has: the client gets to read it, whatever it sends."""

import pytest
from msgspec import structs

from surestock.runtime.web.limits import DRAINED_BYTES
from tests.runtime.web.guarded import PATIENT, guarded
from tests.runtime.web.wires import answers_in

LAST = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"


def early(length: int, *headers: bytes) -> bytes:
    told = b"Content-Length: %d" % length
    return b"\r\n".join([b"POST /early HTTP/1.1", b"Host: t", told, *headers, b"", b""])


CHUNKED = b"POST /early HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("head", [early(3_000_000), CHUNKED + b"2dc6c0\r\n"])
async def test_a_client_that_goes_on_sending_reads_the_answer(head: bytes) -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(head)
        answer = await client.answer()
        assert (answer.status, answer.headers[b"connection"]) == (413, b"close")
        client.send(b"y" * 3_000_000)
        await client.writer.drain()
        # A half-closed connection: the server reads on, and its end is no reset.
        assert await client.reader.read() == b""


async def test_what_follows_an_unfinished_body_is_never_carried_out() -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(early(DRAINED_BYTES + 1))
        assert (await client.answer()).status == 413
        client.send(b"y" * (DRAINED_BYTES + 1) + LAST)
        assert await client.rest() == b""
        assert service.words.served == []


async def test_a_client_that_sends_for_ever_is_cut_off() -> None:
    limits = structs.replace(PATIENT, linger_bytes=1_000_000, linger_s=1e9)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(early(100_000_000))
        assert (await client.answer()).status == 413
        client.send(b"y" * 20_000_000)
        await service.until(lambda: service.metrics.connections == 0)


async def test_a_client_that_keeps_its_side_open_is_cut_off() -> None:
    limits = structs.replace(PATIENT, linger_s=0.05)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(early(100_000_000))
        assert (await client.answer()).status == 413
        await service.until(lambda: service.metrics.connections == 0)


async def test_a_small_rest_of_a_body_is_read_and_the_connection_goes_on() -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(early(5))
        answer = await client.answer()
        assert answer.status == 413
        assert b"connection" not in answer.headers
        client.send(b"GET /" + LAST)
        assert (await client.answer()).body == b"/last:"
        assert [path for _, path, _ in service.words.served] == ["/last"]


async def test_a_small_rest_that_does_not_come_is_not_waited_for_for_ever() -> None:
    limits = structs.replace(PATIENT, body_s=0.05, linger_s=0.05)
    async with guarded(limits) as service:
        (answer,) = answers_in(await service.exchange(early(5)))
        assert answer.status == 413
        assert service.metrics.connections_ended == {"slow_body": 1}


async def test_a_client_that_waits_to_be_told_is_let_go() -> None:
    # It may now send its body or not: what comes next would be unclear.
    async with guarded() as service, await service.connect() as client:
        client.send(early(5, b"Expect: 100-continue"))
        answer = await client.answer()
        assert answer.headers[b"connection"] == b"close"
        client.send(LAST)
        assert await client.rest() == b""
        assert service.words.served == []
