"""A client that closes its end reads on; and nobody keeps a place with what was answered."""

import pytest
from msgspec import structs

from tests.runtime.web.guarded import PATIENT, guarded
from tests.runtime.web.wires import answers_in

HOLD = b"POST /hold HTTP/1.1\r\nHost: t\r\nContent-Length: 2\r\n\r\nhi"
GET = b"GET /x HTTP/1.1\r\nHost: t\r\n\r\n"


@pytest.mark.parametrize("sent", [HOLD, GET + HOLD, HOLD + GET + GET])
async def test_who_has_closed_his_end_gets_every_answer(sent: bytes) -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(sent)
        client.writer.write_eof()
        await service.until(lambda: service.server.server_state.tasks)
        service.words.let.set()
        answers = answers_in(await client.rest())
        assert [answer.status for answer in answers] == [200] * sent.count(b"HTTP/1.1")
        assert len(service.words.served) == len(answers)
        await service.until(lambda: service.metrics.connections == 0)


async def test_rows_that_were_sent_to_their_end_are_answered() -> None:
    rows = b"POST /rows HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\n\r\nrows"
    async with guarded() as service, await service.connect() as client:
        client.send(rows)
        client.writer.write_eof()
        assert (await client.rest()).endswith(b"4\r\nrows\r\n0\r\n\r\n")


@pytest.mark.parametrize("part", [HOLD[:-1], GET[:-2], b""])
async def test_who_leaves_in_the_middle_of_a_request_is_gone(part: bytes) -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(part)
        client.writer.write_eof()
        assert await client.rest() == b""
        await service.until(lambda: service.metrics.connections == 0)
        assert service.words.served == []


async def test_an_answer_that_is_for_nobody_else_ends_when_its_client_closes_his_end() -> None:
    async with guarded() as service, await service.connect() as client:
        client.send(b"GET /watched HTTP/1.1\r\nHost: t\r\n\r\n")
        await service.until(lambda: service.words.watching)
        client.writer.write_eof()
        assert await client.rest() == b""
        await service.until(lambda: service.words.gone == ["/watched"])


async def test_the_rest_of_what_was_answered_keeps_no_place() -> None:
    limits = structs.replace(PATIENT, connections=3)
    early = b"POST /early HTTP/1.1\r\nHost: t\r\nContent-Length: 60000\r\n\r\n"
    async with guarded(limits) as service:
        clients = [await service.connect() for _ in range(3)]
        for client in clients:
            client.send(early)
            assert (await client.answer()).status == 413
        assert await service.is_well()
        for client in clients:
            client.writer.transport.abort()


async def test_the_rest_of_what_was_answered_has_little_time() -> None:
    limits = structs.replace(PATIENT, linger_s=0.05, body_s=1e9)
    early = b"POST /early HTTP/1.1\r\nHost: t\r\nContent-Length: 60000\r\n\r\n"
    async with guarded(limits) as service, await service.connect() as client:
        client.send(early)
        assert (await client.answer()).status == 413
        await service.ended("slow_body")
        assert await client.rest() == b""
