"""From start to end: recover, listen, serve, drain, flush, sync. It owns every task."""

import asyncio
import gc
import signal
import socket

import anyio

from surestock.inventory.port import Engine
from surestock.kit.errors import SurestockError
from surestock.runtime.bootstrap import Wired
from surestock.runtime.errors import StartRefused
from surestock.runtime.web_server import WebServer

_SWEEP_EVERY_S = 5.0
_OK = 0
_FAILED = 1
# What recovery built is frozen, so that no later collection looks through it: the pause would grow
# with the number of SKUs. Requests leave few cycles, so the young are looked at less often, too.
_GC_THRESHOLDS = (50_000, 20, 100)


async def run(wired: Wired, bound: socket.socket) -> int:
    """Serve until a signal or a failure; return the process's exit code.

    Raises a :class:`~surestock.kit.errors.SurestockError` when the engine cannot recover.
    """
    host, port = bound.getsockname()[:2]
    server = WebServer(wired.app, lambda: wired.log.info("listening", host=host, port=port))
    hurry = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, server, hurry)
    await _start(wired.engine)
    wired.app.openapi()
    _calm_collector()
    failures: list[BaseException] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wired.sink.run)
        tasks.start_soon(wired.side.run)
        async with anyio.create_task_group() as serving:
            serving.start_soon(_sweep, wired)
            serving.start_soon(_watch, wired, server, failures)
            await server.serve(sockets=[bound])
            serving.cancel_scope.cancel()
        await wired.engine.close()
        await _sync_last(wired, hurry)
        tasks.cancel_scope.cancel()
    wired.log.info("stopped")
    return _FAILED if failures else _OK


async def _start(engine: Engine) -> None:
    # Whatever recovery makes is there to stay: to look for garbage in it is work for nothing.
    gc.disable()
    try:
        await engine.start()
    except OSError as error:
        raise StartRefused(f"The event log cannot be opened: {error}.") from error


def _stop(server: WebServer, hurry: asyncio.Event) -> None:
    """End the server after its requests; at the second signal, without waiting for anything."""
    if server.should_exit:
        server.force_exit = True
        hurry.set()
    server.should_exit = True


async def _sync_last(wired: Wired, hurry: asyncio.Event) -> None:
    """Let the central view come level with the log, unless there is a hurry."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_cancel_at, hurry, tasks.cancel_scope)
        await wired.side.end()
        tasks.cancel_scope.cancel()


async def _cancel_at(event: asyncio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


def _calm_collector() -> None:
    gc.enable()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)


async def _sweep(wired: Wired) -> None:
    """Record what has expired, now and then: nothing that is decided or read waits for it."""
    while True:
        await anyio.sleep(_SWEEP_EVERY_S)
        try:
            wired.metrics.expired_levels += await wired.engine.expire_due()
        except SurestockError as error:
            wired.log.warning("expired reservations were not recorded", why=str(error))


async def _watch(wired: Wired, server: WebServer, failures: list[BaseException]) -> None:
    """Stop the server when the engine must not go on."""
    failure = await wired.failed()
    failures.append(failure)
    wired.log.error("the engine failed", why=str(failure), exc_info=failure)
    server.should_exit = True
