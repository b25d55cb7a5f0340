"""What one connection, and all together, may take of the service has an end."""

import pytest
from msgspec import structs

from surestock.runtime.web.limits import HEAD_BYTES, MOST_HEADERS
from surestock.runtime.web.protocol import WebProtocol
from tests.runtime.web.guarded import PATIENT, guarded
from tests.runtime.web.wires import answers_in

GET = b"GET /x HTTP/1.1\r\nHost: t\r\n\r\n"
LAST = b"GET /last HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /x HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
HOLD = b"GET /hold HTTP/1.1\r\nHost: t\r\n\r\n"


def head_of(size: int) -> bytes:
    begin = b"GET /x HTTP/1.1\r\nHost: t\r\nX: "
    return begin + b"y" * (size - len(begin) - 4) + b"\r\n\r\n"


def headers(number: int) -> bytes:
    return b"".join(b"X%d: y\r\n" % each for each in range(number - 1))


async def test_a_head_may_be_as_long_as_the_limit_and_no_longer() -> None:
    async with guarded() as service:
        first, second = answers_in(await service.exchange(head_of(HEAD_BYTES) + LAST))
        assert (first.body, second.body) == (b"/x:", b"/last:")
        (refused,) = answers_in(await service.exchange(head_of(HEAD_BYTES + 1) + GET))
        assert refused.status == 431
        assert refused.problem()["error"] == "HeadersTooLarge"
        assert service.metrics.connections_ended == {"head_too_large": 1}


async def test_a_request_may_have_as_many_headers_as_the_limit_and_no_more() -> None:
    async with guarded() as service:
        many = LAST[:-2] + headers(MOST_HEADERS - 1) + b"\r\n"
        assert answers_in(await service.exchange(many))[0].status == 200
        (refused,) = answers_in(await service.exchange(GET[:-2] + headers(101) + b"\r\n"))
        assert refused.status == 431
        refused.problem()


@pytest.mark.parametrize(
    "begin",
    [
        b"GET /",
        GET[:-2] + b"X: ",
        GET[:-2] + b"X",
        CHUNKED + b"0\r\nX: ",
        CHUNKED + b"1;",
        GET[:-2] + b"X: a\r\nY: ",
    ],
    ids=["target", "value", "name", "trailer", "extension", "second value"],
)
async def test_what_never_ends_is_not_collected(begin: bytes) -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(begin)
        sent = 0
        while "head_too_large" not in service.metrics.connections_ended:
            client.send(b"y" * 4096)
            await client.writer.drain()
            await service.breathe()
            sent += 4096
            assert sent < 40 * HEAD_BYTES
        assert answers_in(await client.rest())[0].status == 431
        assert service.words.served == []


async def test_a_flood_after_the_end_is_cut_off() -> None:
    limits = structs.replace(PATIENT, linger_bytes=100_000, linger_s=1e9)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(b"\0\r\n\r\n" + b"y" * 8_000_000)
        await client.rest()
        await service.until(lambda: service.metrics.connections == 0)
        assert await service.is_well()


async def test_so_many_requests_wait_on_a_connection_and_no_more() -> None:
    limits = structs.replace(PATIENT, pipelined=5)
    async with guarded(limits) as service, await service.connect() as client:
        client.send(HOLD + GET * 20)
        await service.ended("pipelined")
        service.words.let.set()
        *good, refused = answers_in(await client.rest())
        assert [it.status for it in good] == [200] * 6
        assert refused.status == 503
        assert refused.problem()["error"] == "Overloaded"
        assert int(refused.headers[b"retry-after"]) >= 1
        assert len(service.words.served) == 6


async def test_a_new_connection_takes_the_place_of_the_one_that_was_idle_longest() -> None:
    limits = structs.replace(PATIENT, connections=3)
    async with guarded(limits) as service:
        clients = [await service.connect() for _ in range(3)]
        for client in (clients[1], clients[0], clients[2]):
            client.send(GET)
            await client.answer()
        clients[0].send(GET)
        await client.writer.drain()
        await clients[0].answer()
        assert await service.is_well()
        assert await clients[1].rest() == b""
        for client in (clients[0], clients[2]):
            client.send(GET)
            assert (await client.answer()).status == 200
        assert service.metrics.connections_ended == {"too_many": 1}
        for client in clients:
            client.writer.transport.abort()


async def test_who_has_sent_half_a_request_for_a_while_makes_room_too() -> None:
    limits = structs.replace(PATIENT, connections=2, opening_s=0.0)
    async with (
        guarded(limits) as service,
        await service.connect() as first,
        await service.connect() as second,
    ):
        first.send(GET[:-2])
        second.send(HOLD)
        await service.until(lambda: service.server.server_state.tasks)
        assert await service.is_well()
        assert await first.rest() == b""
        service.words.let.set()
        assert (await second.answer()).status == 200


async def test_where_all_connections_work_a_new_one_is_told_so() -> None:
    limits = structs.replace(PATIENT, connections=2)
    async with (
        guarded(limits) as service,
        await service.connect() as first,
        await service.connect() as second,
    ):
        for client in (first, second):
            client.send(HOLD)
        await service.until(lambda: len(service.server.server_state.tasks) == 2)
        (refused,) = answers_in(await service.exchange(GET))
        assert refused.status == 503
        assert refused.problem()["error"] == "Overloaded"
        assert int(refused.headers[b"retry-after"]) >= 1
        assert service.metrics.connections == 2
        service.words.let.set()
        for client in (first, second):
            assert (await client.answer()).status == 200
        assert await service.is_well()


async def test_refusing_takes_no_more_places_than_are_kept_for_it() -> None:
    limits = structs.replace(PATIENT, connections=1, spare_connections=2)
    async with guarded(limits) as service, await service.connect() as working:
        working.send(HOLD)
        await service.until(lambda: service.server.server_state.tasks)
        clients = [await service.connect() for _ in range(8)]
        await service.ended("too_many", 8)
        await service.until(lambda: len(service.server.server_state.connections) == 3)
        for client in clients:
            client.writer.transport.abort()


async def test_the_number_of_connections_is_the_number_that_are_open() -> None:
    async with guarded() as service:
        async with await service.connect(), await service.connect():
            await service.until(lambda: service.metrics.connections == 2)
        await service.until(lambda: service.metrics.connections == 0)


async def test_a_stream_is_told_that_its_client_is_gone_though_another_request_waits() -> None:
    async with guarded() as service:
        async with await service.connect() as client:
            client.send(b"GET /much HTTP/1.1\r\nHost: t\r\n\r\n" + GET)
            assert await client.reader.read(1)
            (connection,) = service.server.server_state.connections
            assert isinstance(connection, WebProtocol)
            assert connection.pipeline
        await service.until(lambda: service.metrics.connections == 0)
        assert connection.running is not None
        assert connection.running.disconnected
        service.words.ended.set()
