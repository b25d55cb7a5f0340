"""The service as a process: started on a free port, asked to stop, verified offline."""

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import orjson

from demo.connection import Connection, ServiceUnreachable
from demo.home import SURESTOCK, Home, run_command

HOST = "127.0.0.1"
START_S, STOP_S, POLL_S = 60.0, 60.0, 0.05
OK = 200
# Linux gives outgoing connections ports from 32768 on.
_PORTS = range(20_000, 32_000)


class ServiceFailed(Exception):
    """The service did not start, or did not end as it should."""


@asynccontextmanager
async def running(home: Home, log: Path) -> AsyncIterator[int]:
    """Run the service and its worker on ``home`` while the body runs, and yield its port.

    What it prints goes to the file ``log``. It is stopped by SIGTERM, whatever happened. Raises
    :class:`ServiceFailed` when it does not answer in time, does not stop with exit code 0, or has
    anything on record already.
    """
    port = free_port()
    process = await start(home, log, port)
    try:
        await wait_until_ready(process, port, log)
        await expect_nothing(port)
        yield port
    finally:
        await stop(process, log)


async def start(home: Home, log: Path, port: int, *settings: str) -> asyncio.subprocess.Process:
    """Start the service on ``home`` with more ``settings`` (``NAME=value``)."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            "env",
            f"HOST={HOST}",
            f"PORT={port}",
            *home.settings,
            *settings,
            str(SURESTOCK),
            "serve",
            stdout=output,
            stderr=output,
        )


async def verify(home: Home) -> tuple[int, str]:
    """Have ``home`` verified offline; return the exit code and what was printed."""
    return await run_command(home, "verify")


def free_port() -> int:
    """Return a port that nobody listens at, and that no outgoing connection is ever given.

    So it stays free while a service that was killed starts again, however often clients knock.
    """
    while True:
        port = random.choice(_PORTS)
        with suppress(OSError), socket.create_server((HOST, port)):
            return port


async def wait_until_ready(process: asyncio.subprocess.Process, port: int, log: Path) -> None:
    """Ask until the service is ready. Raises :class:`ServiceFailed` when it ends or never is."""
    connection = Connection(HOST, port)
    last = "it never answered"
    try:
        async with asyncio.timeout(START_S):
            while process.returncode is None:
                try:
                    answer = await connection.exchange("GET", "/health/readiness", b"")
                except ServiceUnreachable as error:
                    last = str(error)
                else:
                    if answer.status == OK:
                        return
                    last = f"readiness answered {answer.status}"
                await asyncio.sleep(POLL_S)
    except TimeoutError as error:
        msg = f"the service was not ready after {START_S:.0f} s: {last}; its output is in {log}"
        raise ServiceFailed(msg) from error
    finally:
        connection.close()
    msg = f"the service did not start:\n{_tail(log)}"
    raise ServiceFailed(msg)


async def expect_nothing(port: int) -> None:
    """Raise :class:`ServiceFailed` when the service knows anything: a demo is no guest."""
    connection = Connection(HOST, port)
    try:
        answer = await connection.exchange("GET", "/events?after=0&limit=1", b"")
    finally:
        connection.close()
    if answer.status != OK or orjson.loads(answer.body)["items"]:
        msg = "the database is in use: name an empty one, which nobody else needs"
        raise ServiceFailed(msg)


async def stop(process: asyncio.subprocess.Process, log: Path) -> None:
    """End the service by SIGTERM. Raises :class:`ServiceFailed` unless its exit code is 0."""
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            code = await process.wait()
    except TimeoutError as error:
        process.kill()
        await process.wait()
        msg = f"the service still ran {STOP_S:.0f} s after SIGTERM"
        raise ServiceFailed(msg) from error
    if code != 0:
        msg = f"the service ended with exit code {code}:\n{_tail(log)}"
        raise ServiceFailed(msg)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])
