"""A client that is slow with its head, its body or its answer is let go; one that works is not."""

import asyncio
import socket
from contextlib import suppress

import pytest
from msgspec import structs

from surestock.runtime.web.limits import WebLimits
from tests.runtime.web.guarded import PATIENT, Guarded, guarded
from tests.runtime.web.wires import Client, answers_in

GET = b"GET /x HTTP/1.1\r\nHost: t\r\n\r\n"
POST = b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n"
ROWS = b"POST /rows HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"


def short(**given: float) -> WebLimits:
    return structs.replace(PATIENT, **given)


async def trickle(client: Client, data: bytes) -> None:
    """Send byte by byte until the server has had enough."""
    for byte in data:
        client.send(bytes([byte]))
        await asyncio.sleep(0.002)


async def refused_while_trickling(service: Guarded, begin: bytes, rest: bytes) -> bytes:
    async with await service.connect() as client:
        client.send(begin)
        trickling = asyncio.ensure_future(trickle(client, rest))
        received = await client.rest()
        trickling.cancel()
        return received


def read_all(client: socket.socket) -> None:
    while client.recv(1 << 20):
        pass


async def test_a_connection_that_says_nothing_is_closed_without_a_word() -> None:
    async with guarded(short(head_s=0.05)) as service:
        assert await service.exchange(b"") == b""
        assert service.metrics.connections_ended == {"slow_head": 1}


@pytest.mark.parametrize("before", [b"", GET], ids=["first", "kept"])
async def test_single_bytes_do_not_renew_the_time_for_a_head(before: bytes) -> None:
    async with guarded(short(head_s=0.1)) as service:
        rest = b"X: " + b"y" * 100_000
        received = await refused_while_trickling(service, before + GET[:-2], rest)
        *_, answer = answers_in(received)
        assert answer.status == 408
        assert answer.problem()["error"] == "RequestTimeout"
        assert service.metrics.connections_ended == {"slow_head": 1}
        assert len(service.words.served) == (1 if before else 0)


async def test_empty_lines_before_a_request_do_not_renew_it_either() -> None:
    async with guarded(short(head_s=0.1)) as service:
        received = await refused_while_trickling(service, GET, b"\r\n" * 50_000)
        assert [it.status for it in answers_in(received)] == [200, 408]


async def test_a_slow_head_waits_for_the_answers_before_it() -> None:
    hold = b"GET /hold HTTP/1.1\r\nHost: t\r\n\r\n"
    async with guarded(short(head_s=0.05)) as service, await service.connect() as client:
        client.send(hold + GET[:-2])
        await service.ended("slow_head")
        service.words.let.set()
        held, late = answers_in(await client.rest())
        assert (held.body, late.status) == (b"/hold:", 408)


async def test_a_body_that_trickles_is_refused_and_never_carried_out() -> None:
    async with guarded(short(body_s=0.1)) as service:
        received = await refused_while_trickling(service, POST, b"y" * 100_000)
        (answer,) = answers_in(received)
        assert answer.status == 408
        answer.problem()
        await service.until(lambda: service.words.gone)
        assert service.words.served == []
        assert service.metrics.connections_ended == {"slow_body": 1}


async def test_a_body_with_enough_pace_may_take_longer_than_a_silent_one() -> None:
    # Some hundred bytes a second come: enough for the first limits, not for the second.
    body = b"y" * 300
    post = b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body)
    for pace, status in ((1, 200), (1_000_000, 408)):
        limits = short(body_s=0.3, body_bytes_per_s=pace)
        async with guarded(limits) as service, await service.connect() as client:
            client.send(post)
            await trickle(client, body)
            assert (await client.answer()).status == status


async def test_what_came_fast_does_not_pay_for_a_long_silence() -> None:
    limits = short(body_s=0.1, body_bytes_per_s=1)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(POST)
        await service.until(lambda: service.server.server_state.tasks)
        client.send(b"y" * 60_000)
        assert (await client.answer()).status == 408


async def test_time_does_not_count_while_the_application_takes_nothing() -> None:
    hold = b"GET /hold HTTP/1.1\r\nHost: t\r\n\r\n"
    body = b"y" * 600_000
    post = b"POST /x HTTP/1.1\r\nHost: t\r\nContent-Length: %d\r\n\r\n" % len(body)
    limits = short(body_s=0.2, idle_s=0.2)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(hold + post + body)
        for _ in range(4):
            # Another is late meanwhile, and then another.
            await service.exchange(GET)
        service.words.let.set()
        assert [(await client.answer()).status for _ in range(2)] == [200, 200]


async def test_a_stream_that_comes_on_is_never_late() -> None:
    async with guarded(short(body_s=0.3, idle_s=10)) as service, await service.connect() as client:
        client.send(ROWS)
        await client.reader.readuntil(b"\r\n\r\n")
        for _ in range(4):
            client.send(b"3\r\nrow\r\n")
            assert await client.reader.readuntil(b"row\r\n")
            assert answers_in(await service.exchange(POST))[0].status == 408
        client.send(b"0\r\n\r\n")
        assert await client.reader.readuntil(b"0\r\n\r\n")


async def test_half_a_chunk_is_part_of_a_body_not_of_a_head() -> None:
    limits = short(head_s=0.1, body_s=60)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(ROWS)
        await client.reader.readuntil(b"\r\n\r\n")
        client.send(b"3")
        assert answers_in(await service.exchange(GET[:-2]))[0].status == 408
        assert answers_in(await service.exchange(GET[:-2]))[0].status == 408
        client.send(b"\r\nrow\r\n0\r\n\r\n")
        assert await client.reader.readuntil(b"row\r\n0\r\n\r\n")


async def test_a_stream_that_stops_is_cut_without_an_end() -> None:
    async with guarded(short(body_s=0.05, idle_s=0.1)) as service:
        received = await service.exchange(ROWS + b"3\r\nrow\r\n")
        assert received.endswith(b"\r\n3\r\nrow\r\n")
        assert service.metrics.connections_ended == {"slow_body": 1}


async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with guarded(short(idle_s=0.05)) as service:
        assert [it.body for it in answers_in(await service.exchange(GET))] == [b"/x:"]
        assert service.metrics.connections_ended == {"idle": 1}


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async with guarded(short(stalled_s=0.1)) as service:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", service.port))
            client.sendall(b"GET /much HTTP/1.1\r\nHost: t\r\n\r\n")
            await service.ended("slow_reader")
            await service.until(lambda: service.metrics.connections == 0)
            with pytest.raises(ConnectionResetError):
                read_all(client)


async def test_a_client_that_reads_slowly_is_waited_for() -> None:
    # He reads in this process: where it stands still for longer than he may, he has not read.
    for _ in range(3):
        if await _is_waited_for():
            return
    pytest.fail("he never was")


async def _is_waited_for() -> bool:
    limits = short(stalled_s=0.2, body_bytes_per_s=1)
    async with guarded(limits) as service, await service.connect(16_384) as client:
        client.send(b"GET /much HTTP/1.1\r\nHost: t\r\n\r\n")
        with suppress(ConnectionResetError):
            for _ in range(100):
                assert await client.reader.read(8192)
                await asyncio.sleep(0.01)
        return not service.metrics.connections_ended


async def test_a_connection_that_works_is_not_idle() -> None:
    limits = short(idle_s=0.05, head_s=0.05, body_s=0.05)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(b"GET /hold HTTP/1.1\r\nHost: t\r\n\r\n")
        assert [it.status for it in answers_in(await service.exchange(GET))] == [200]
        assert [it.status for it in answers_in(await service.exchange(GET[:-2]))] == [408]
        service.words.let.set()
        assert (await client.answer()).body == b"/hold:"
