"""A crowd of slow clients, in a process of its own, so that their work is not in others' latencies.

`python -m tests.proof.slow_clients PORT NUMBER GIVE_UP_S` opens NUMBER connections of each kind,
says `open`, goes on being slow until the server has closed all of them or GIVE_UP_S is over, and
prints for each kind how many seconds each was kept; None is one that is still there.
"""

import asyncio
import sys
import time
from contextlib import suppress
from typing import cast

import msgspec
import uvloop

GET = b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n"
_HEAD = b"GET /health HTTP/1.1\r\nHost: t\r\nX: "
_BODY = (
    b"POST /stores/north/inventory/sku-1/reserve HTTP/1.1\r\nHost: t\r\n"
    b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
)
_BYTE_EVERY_S = 1.0
_TURNS = 50
_OPENING_AT_ONCE = 100
_BEGINS = {"idle": GET, "slow head": _HEAD, "slow body": _BODY}


class _Slow(asyncio.Protocol):
    """One connection. ``kept_s`` is how long the server kept it."""

    def __init__(self, begin: bytes) -> None:
        self._begin = begin
        self.kept_s: float | None = None
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)
        self._began = time.monotonic()
        self.transport.write(self._begin)

    def trickle(self) -> None:
        if self.kept_s is None and self._begin != GET and self.transport is not None:
            self.transport.write(b"y")

    def eof_received(self) -> None:
        self._end()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end()

    def _end(self) -> None:
        if self.kept_s is None:
            self.kept_s = time.monotonic() - self._began


async def _run(port: int, number: int, give_up_s: float) -> dict[str, list[float | None]]:
    loop = asyncio.get_running_loop()
    crowd: dict[str, list[_Slow]] = {kind: [] for kind in _BEGINS}
    for _ in range(0, number, _OPENING_AT_ONCE):
        for kind, begin in _BEGINS.items():
            made = [
                loop.create_connection(lambda begin=begin: _Slow(begin), "127.0.0.1", port)  # type: ignore[misc]
                for _ in range(min(number, _OPENING_AT_ONCE))
            ]
            crowd[kind] += [client for _, client in await asyncio.gather(*made)]
    print("open", flush=True)
    everybody = [client for clients in crowd.values() for client in clients]
    deadline = time.monotonic() + give_up_s
    turn = 0
    while time.monotonic() < deadline and any(client.kept_s is None for client in everybody):
        # Not all in the same instant: they know nothing of each other.
        for client in everybody[turn % _TURNS :: _TURNS]:
            with suppress(OSError):
                client.trickle()
        turn += 1
        await asyncio.sleep(_BYTE_EVERY_S / _TURNS)
    return {kind: [client.kept_s for client in clients] for kind, clients in crowd.items()}


if __name__ == "__main__":
    _port, _number, _give_up_s = sys.argv[1:]
    kept = uvloop.run(_run(int(_port), int(_number), float(_give_up_s)))
    sys.stdout.buffer.write(msgspec.json.encode(kept) + b"\n")
