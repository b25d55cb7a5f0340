"""From start to end: recover, listen, serve, drain, flush, sync. It owns every task."""

import asyncio
import gc
import socket
from collections.abc import Awaitable, Callable

import anyio

from surestock.kit.errors import SurestockError
from surestock.runtime.address import listen
from surestock.runtime.bootstrap import Wired
from surestock.runtime.ending import Ending
from surestock.runtime.fleet.parent import SIGNALS
from surestock.runtime.fleet.post import Post
from surestock.runtime.pulse import pulse

_SWEEP_EVERY_S = 5.0
# What recovery built is frozen, so that no later collection looks through it: the pause would grow
# with the number of SKUs. Requests leave few cycles, so the young are looked at less often, too.
_GC_THRESHOLDS = (50_000, 20, 100)


async def run(wired: Wired, bound: socket.socket, post: Post | None = None) -> int:
    """Serve until a signal or a failure; return the process's exit code: 0 after a clean end.

    With a ``post``, it is one of several processes: then its parent tells it to end.
    Raises a :class:`~surestock.kit.errors.SurestockError` when the engine cannot recover, or the
    address is somebody else's by then. Once it was told to end, the process is gone by the
    deadline, if need be without a return.
    """
    host, port = bound.getsockname()[:2]

    def on_listening() -> None:
        if post is not None:
            post.serve(ending.server, wired.log)
        wired.log.info("listening", host=host, port=port)

    ending = Ending(wired, on_listening, shared=post is not None)
    if post is None:
        loop = asyncio.get_running_loop()
        for number in SIGNALS:
            loop.add_signal_handler(number, ending.begin)
    else:
        post.parent.obey(ending.begin)
    await _start(wired)
    wired.app.openapi()
    _calm_collector()
    listen(bound)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wired.sink.run)
        tasks.start_soon(wired.side.run)
        for work in wired.beside:
            tasks.start_soon(_keep, work, ending)
        async with anyio.create_task_group() as serving:
            serving.start_soon(_sweep, wired)
            serving.start_soon(_watch, wired, ending)
            beat = wired.admission.drain.sample
            serving.start_soon(pulse, wired.metrics, wired.clock.monotonic, beat)
            for work in wired.background:
                serving.start_soon(_keep, work, ending)
            if post is not None:
                serving.start_soon(post.run)
            await ending.server.serve(sockets=[bound] if post is None else [])
            serving.cancel_scope.cancel()
        await ending.finish()
        tasks.cancel_scope.cancel()
    return ending.leave()


async def _start(wired: Wired) -> None:
    # Whatever recovery makes is there to stay: to look for garbage in it is work for nothing.
    gc.disable()
    await wired.start()


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


async def _watch(wired: Wired, ending: Ending) -> None:
    """End when the engine must not go on."""
    ending.fail("the engine failed", await wired.failed())


async def _keep(work: Callable[[], Awaitable[None]], ending: Ending) -> None:
    """Do what goes on beside the requests; end when it fails, for it is there for a reason."""
    try:
        await work()
    except Exception as error:  # noqa: BLE001 - told, and the process ends with it
        ending.fail("work in the background failed", error)
