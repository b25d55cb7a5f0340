"""The wire passes everything on, and loses the answers that it was told to lose."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import repeat

import pytest

from demo.checkout.platform.mishap import SHARES, Fate, fates
from demo.checkout.platform.wire import HOST, Wire, read_message

PAY = b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\npay"
LOOK = b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nlook"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Shop:
    """Answers whatever it hears."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await read_message(reader):
            self.heard.append(request)
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    @asynccontextmanager
    async def behind(self, fate: Fate, delay_s: float) -> AsyncIterator[tuple[Wire, int]]:
        """Give a wire to this shop on which all payments have one fate."""
        server = await asyncio.start_server(self.serve, HOST, 0)
        async with server:
            wire = Wire(server.sockets[0].getsockname()[1], b"pay", repeat(fate), delay_s)
            async with wire.listening() as port:
                yield wire, port


async def _exchange(port: int, *requests: bytes) -> list[bytes]:
    """Send one request after the other on a connection; an empty answer is a lost one."""
    reader, writer = await asyncio.open_connection(HOST, port)
    answers = []
    try:
        for request in requests:
            writer.write(request)
            answers.append(await read_message(reader))
    finally:
        writer.close()
    return answers


@pytest.mark.parametrize(
    ("fate", "answers"),
    [
        ("answered", [ANSWER, ANSWER]),
        ("cut", [ANSWER, b""]),
        ("slow", [ANSWER, ANSWER]),
        ("late", [ANSWER, b""]),
    ],
)
async def test_a_payment_is_passed_on_whatever_becomes_of_its_answer(
    fate: Fate, answers: list[bytes]
) -> None:
    shop = Shop()
    async with shop.behind(fate, delay_s=0) as (wire, port):
        assert await _exchange(port, LOOK, PAY) == answers
    assert shop.heard == [LOOK, PAY]
    assert wire.happened[fate] == 1


async def test_a_late_payment_reaches_the_platform_although_nobody_waits_for_it() -> None:
    shop = Shop()
    async with shop.behind("late", delay_s=600) as (wire, port):
        buyer = asyncio.ensure_future(_exchange(port, PAY))
        while not wire.happened["late"]:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0)
        buyer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await buyer
        assert shop.heard == []
    assert shop.heard == [PAY]


async def test_an_answer_that_does_not_tell_its_length_is_an_error() -> None:
    reader = asyncio.StreamReader()
    reader.feed_data(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    reader.feed_eof()
    with pytest.raises(OSError, match="does not tell its length"):
        await read_message(reader)


def test_a_seed_has_its_mishaps_in_their_shares() -> None:
    drawn = [fate for _, fate in zip(range(5000), fates(3), strict=False)]
    assert drawn[:100] == [fate for _, fate in zip(range(100), fates(3), strict=False)]
    for fate, share in SHARES.items():
        assert drawn.count(fate) / 5000 == pytest.approx(share, abs=0.01)
