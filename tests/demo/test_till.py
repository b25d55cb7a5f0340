"""A till repeats what was not answered, under the same key, until an answer stands."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from demo import till as tills
from demo.connection import ServiceUnreachable
from demo.till import Answer, Till

pytestmark = pytest.mark.anyio

LOST = b""
SHED = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}"
SOLD = b'HTTP/1.1 201 Created\r\nContent-Length: 10\r\n\r\n{"sold":1}'


@asynccontextmanager
async def _service(answers: list[bytes]) -> AsyncIterator[tuple[Till, list[str]]]:
    """Yield a till at a service that gives these answers, and the keys that it was sent."""
    left, keys, ends = iter(answers), list[str](), list[asyncio.Event]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.append(end := asyncio.Event())
        while head := await _read_request(reader):
            keys.append(head.partition("Idempotency-Key: ")[2].partition("\r\n")[0])
            if (answer := next(left)) == LOST:
                break
            writer.write(answer)
        writer.close()
        await writer.wait_closed()
        end.set()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        till = Till(*server.sockets[0].getsockname())
        try:
            yield till, keys
        finally:
            till.close()
            for end in ends:
                await end.wait()


async def _read_request(reader: asyncio.StreamReader) -> str:
    """Return the head of a request whose body is ``{}``, or nothing at the end."""
    lines = []
    while (line := (await reader.readline()).decode()) not in {"", "\r\n"}:
        lines.append(line)
    if lines:
        await reader.readexactly(2)
    return "".join(lines)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tills, "PAUSE_S", 0.0)


async def test_a_request_that_was_shed_or_lost_is_sent_again_with_the_same_key() -> None:
    async with _service([SHED, LOST, SOLD]) as (till, keys):
        answer = await till.send("POST", "/reservations", {}, key="basket-7")
    assert answer == Answer(201, {"sold": 1})
    assert keys == ["basket-7"] * 3
    assert till.repeats == 2


async def test_answers_on_one_connection_go_to_the_requests_that_they_belong_to() -> None:
    second = SOLD.replace(b"1}", b"2}")
    async with _service([SOLD, second]) as (till, _):
        bodies = [(await till.send("POST", "/", {})).body for _ in range(2)]
    assert bodies == [{"sold": 1}, {"sold": 2}]


async def test_a_service_that_never_answers_is_named_unreachable() -> None:
    async with _service([LOST] * tills.TRIES) as (till, keys):
        with pytest.raises(ServiceUnreachable, match=r"POST /.*10 times"):
            await till.send("POST", "/", {})
    assert len(keys) == tills.TRIES
