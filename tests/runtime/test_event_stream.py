"""The event stream on the wire: its end in good order, and a client that never reads."""

import asyncio
import select
import signal
import socket
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from surestock.api.feed.feed import FeedLimits
from surestock.api.feed.pages import PAGE_BYTES
from surestock.engine.memory import MemoryEngine
from surestock.inventory.commands import CountStock
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope
from surestock.runtime.web.protocol import WebProtocol
from surestock.runtime.web.server import WebServer
from tests.api.desk import Api
from tests.runtime.process import Service

REQUEST = b"GET /events HTTP/1.1\r\nHost: test\r\nAccept: text/event-stream\r\n\r\n"
HIGH_WATER = 64 * 1024
RECORDS = 30_000
"""More than the kernel buffers for a connection."""


def test_a_signal_ends_streams_in_good_order(tmp_path: Path) -> None:
    with (
        Service(tmp_path) as service,
        socket.create_connection(("127.0.0.1", service.port), timeout=60) as client,
    ):
        client.sendall(REQUEST)
        received = b""
        while b"retry: 1000\n\n" not in received:
            received += client.recv(65_536)
        service.process.send_signal(signal.SIGTERM)
        while rest := client.recv(65_536):
            received += rest
        assert received.endswith(b"\r\n0\r\n\r\n")
        assert service.ended() == 0


def wait_for_reset(client: socket.socket) -> bool:
    """Return whether the connection broke within a time; nothing is read from it."""
    poll = select.poll()
    poll.register(client, 0)
    return bool(poll.poll(60_000))


@pytest.fixture
def left_behind(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes waited in the process for a reader that was cut off."""
    sizes: list[int] = []
    abort = WebProtocol.abort

    def watched(protocol: WebProtocol) -> None:
        transport = protocol.transport
        sizes.append(transport.get_write_buffer_size())
        abort(protocol)
        assert transport.get_write_buffer_size() == 0

    monkeypatch.setattr(WebProtocol, "abort", watched)
    return sizes


async def test_readers_that_never_read_hold_one_page_each_until_they_are_cut_off(
    left_behind: list[int],
) -> None:
    clock = ManualClock()
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    for _ in range(RECORDS):
        await engine.transact(Envelope(CountStock("berlin", "apple", 7), "ann", "req"))
    api = Api(engine, clock, limits=FeedLimits(patience_s=0.2, gather_s=0))
    listening = anyio.Event()
    server = WebServer(api.app, listening.set)
    async with AsyncExitStack() as stack:
        bound = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        clients = [stack.enter_context(socket.socket()) for _ in range(3)]
        tasks = await stack.enter_async_context(anyio.create_task_group())
        tasks.start_soon(server.serve, [bound])
        await listening.wait()
        for client in clients:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(bound.getsockname())
            client.sendall(REQUEST)
        broken = [await asyncio.to_thread(wait_for_reset, client) for client in clients]
        server.should_exit = True
    assert broken == [True, True, True]
    assert len(left_behind) == api.metrics.slow_readers == 3
    assert all(0 < size < PAGE_BYTES + HIGH_WATER for size in left_behind)
    assert api.metrics.event_readers == 0
