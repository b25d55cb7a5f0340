"""The parent of several API processes: it holds the port, starts them, and ends them.

It knows nothing of the web and answers no request, so that there is little that could fail in it.
"""

import asyncio
import socket
import sys
from collections.abc import Sequence
from functools import partial

from anyio import create_task_group

from surestock.kit.clock import Clock, SystemClock
from surestock.kit.errors import SurestockError
from surestock.runtime.address import bind, check_reach
from surestock.runtime.data_directory import metrics_folder
from surestock.runtime.errors import StartRefused, refuse
from surestock.runtime.fleet.fleet import Fleet
from surestock.runtime.fleet.signals import hold_signals, pass_signals_on
from surestock.runtime.settings import Settings, read_settings
from surestock.runtime.worker_child import WorkerChild
from surestock.telemetry.log import Log, make_log
from surestock.telemetry.shared_metrics import clear_slots
from surestock.telemetry.sink import LineSink

_COMMAND = (sys.executable, "-m", "surestock", "serve", "--role", "api", "--supervised")
_STDOUT = 1


def serve_fleet(workers: int, *, with_worker: bool) -> int:
    """Serve with ``workers`` API processes; return the exit code: 0 ended, 1 failed, 2 not started.

    ``with_worker`` also keeps a sync worker running.
    """
    try:
        settings = read_settings()
        _check(settings)
        bound = bind(settings.host, settings.port)
        check_reach(settings, bound)
    except SurestockError as error:
        return refuse(error)
    return run_fleet(settings, bound, workers, with_worker=with_worker)


def run_fleet(
    settings: Settings,
    bound: socket.socket,
    slots: int,
    command: Sequence[str] = _COMMAND,
    *,
    with_worker: bool,
) -> int:
    """Run processes of ``command`` on ``bound`` until a signal; return the exit code."""
    hold_signals()
    sink = LineSink(_STDOUT, shared=True)
    try:
        return asyncio.run(_run(settings, bound, slots, command, sink, with_worker))
    finally:
        sink.flush()


async def _run(
    settings: Settings,
    bound: socket.socket,
    slots: int,
    command: Sequence[str],
    sink: LineSink,
    with_worker: bool,  # noqa: FBT001 - as `run_fleet` was told
) -> int:
    clock = SystemClock()
    log = make_log(sink.append, clock, settings.log_level)
    _forget_metrics(settings, bound, log)
    worker = WorkerChild(sink.append, clock, log) if with_worker else None
    within_s = settings.shutdown_timeout_ms / 1000
    last_words = partial(_last_words, sink, clock)
    fleet = Fleet(command, slots, bound, worker, within_s, last_words, clock, log)
    pass_signals_on(fleet.begin_end)
    async with create_task_group() as tasks:
        tasks.start_soon(sink.run)
        code = await fleet.run()
        tasks.cancel_scope.cancel()
    log.info("all processes stopped")
    return code


def _forget_metrics(settings: Settings, bound: socket.socket, log: Log) -> None:
    """Begin to count anew: nothing of this port is running yet."""
    try:
        clear_slots(metrics_folder(settings.data_dir, bound.getsockname()[1]))
    except OSError as error:
        log.warning("metrics of an earlier run cannot be forgotten", why=str(error))


def _last_words(sink: LineSink, clock: Clock) -> None:
    """Say that something hung. In any thread, so through a sink that nobody else has."""
    sink.flush()
    last = LineSink(_STDOUT, shared=True)
    make_log(last.append, clock, "error").error(
        "processes did not end in time and were killed; nothing that was acknowledged is lost"
    )
    last.flush()


def _check(settings: Settings) -> None:
    """Refuse what several processes cannot share. Raises :class:`StartRefused`."""
    if settings.engine == "memory":
        raise StartRefused(
            "ENGINE=memory keeps stock in one process; --workers needs another engine."
        )
    if settings.engine == "log" and not settings.locks_enabled:
        raise StartRefused(
            "--workers starts several processes on one data directory; set LOCKS_ENABLED=true, "
            "so that they take turns."
        )
