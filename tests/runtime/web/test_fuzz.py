"""However bytes are cut, the answers are the same; however they are broken, it is never a 5xx."""

import asyncio
import itertools

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from surestock.runtime.web.limits import WebLimits
from tests.runtime.web.guarded import PATIENT, guarded

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

STREAM = (
    b"GET /a HTTP/1.1\r\nHost: t\r\nX-Request-Id: one\r\n\r\n"
    b"POST /b HTTP/1.1\r\nHost: t\r\nContent-Length: 11\r\n\r\nhello world"
    b"POST /c HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX: y\r\n\r\n"
    b"GET /d HTTP/1.1\r\nHost: t\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    b"HEAD /e HTTP/1.1\r\nHost: t\r\n\r\n"
    b"GET /f HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n"
)
BODIES = [b"/a:", b"/b:hello world", b"/c:hello world", b"/d:"]
SHORT = structs.replace(PATIENT, head_s=0.05, body_s=0.05, idle_s=0.05, linger_s=0.05)
PLACES = st.integers(0, len(STREAM))


def send(pieces: list[bytes], limits: WebLimits) -> tuple[bytes, int]:
    """Send pieces, each by itself; return what was answered, and how many were served."""

    async def talk() -> tuple[bytes, int]:
        async with guarded(limits) as service, await service.connect() as client:
            for piece in pieces:
                client.send(piece)
                await client.writer.drain()
                await asyncio.sleep(0)
            received = await client.rest()
            await service.until(lambda: service.metrics.connections == 0)
            assert await service.is_well()
            return received, len(service.words.served) - 1

    return uvloop.run(talk())


@settings(max_examples=40)
@given(st.lists(PLACES, max_size=12))
def test_a_stream_of_requests_is_answered_alike_however_it_is_cut(cuts: list[int]) -> None:
    places = sorted({0, *cuts, len(STREAM)})
    pieces = [STREAM[a:b] for a, b in itertools.pairwise(places)]
    received, served = send(pieces, PATIENT)
    assert served == 6
    *first, _head, _last = received.split(b"HTTP/1.1 200 OK\r\n")[1:]
    assert [part.partition(b"\r\n\r\n")[2] for part in first] == BODIES


@settings(max_examples=80)
@given(PLACES, st.binary(max_size=6), st.integers(0, 6), PLACES)
def test_a_broken_stream_is_never_a_defect_and_never_hangs(
    place: int, put: bytes, taken: int, cut: int
) -> None:
    broken = STREAM[:place] + put + STREAM[place + taken :]
    received, served = send([broken[:cut], broken[cut:]], SHORT)
    statuses = [int(line[9:12]) for line in received.split(b"\r\n") if line[:9] == b"HTTP/1.1 "]
    assert set(statuses) <= {200, 400, 408, 431}
    assert served <= 8
    # A refusal is the last word.
    assert all(status == 200 for status in statuses[:-1])
