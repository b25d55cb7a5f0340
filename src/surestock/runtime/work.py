"""The process of ``surestock serve --role worker``. It knows nothing of the web."""

import asyncio
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import anyio

from surestock.kit.clock import Clock, SystemClock
from surestock.kit.errors import SurestockError
from surestock.runtime.data_directory import check_writable, worker_directory
from surestock.runtime.deadline import Deadline
from surestock.runtime.errors import StartRefused, refuse
from surestock.runtime.log_config import log_config
from surestock.runtime.settings import Settings, read_settings
from surestock.runtime.upkeep_child import run_upkeep
from surestock.sync.keeper import CentralKeeper, Folders
from surestock.sync.owner import hold_worker
from surestock.sync.socket_place import listen
from surestock.sync.upkeep import Upkeep
from surestock.sync.worker import SyncWorker
from surestock.telemetry.log import ForwardingHandler, Log, make_log
from surestock.telemetry.sink import LineSink

_STDOUT = 1
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def work(*, supervised: bool) -> int:
    """Keep the central view until told to end; return the exit code: 0 ended, 2 did not start.

    Once it was told to end, it is gone by the deadline: with exit code 1, when it could not finish.
    A ``supervised`` worker ends when its stdin does, and leaves signals to its parent: it has to
    outlive a signal to both for as long as the parent has something to tell.
    """
    clock = SystemClock()
    try:
        settings = read_settings()
        if settings.engine == "memory":
            raise StartRefused("ENGINE=memory writes no log that a worker could follow.")
        if settings.engine == "log":
            check_writable(settings.data_dir)
    except SurestockError as error:
        return refuse(error)
    sink = LineSink(_STDOUT)
    log = make_log(sink.append, clock, settings.log_level)
    logging.basicConfig(handlers=[ForwardingHandler(log)], level=logging.WARNING)
    within_s = settings.shutdown_timeout_ms / 1000
    deadline = Deadline(within_s, clock.monotonic, partial(_last_words, sink, clock))
    try:
        return asyncio.run(_work(settings, supervised, clock, log, sink, deadline))
    finally:
        sink.flush()


async def _work(
    settings: Settings,
    supervised: bool,  # noqa: FBT001 - as `work` was told
    clock: Clock,
    log: Log,
    sink: LineSink,
    deadline: Deadline,
) -> int:
    ending = _ending(deadline, supervised=supervised)
    code = 0
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        try:
            if settings.engine == "postgres":
                from surestock.runtime.postgres.work import keep_in_database  # noqa: PLC0415

                await keep_in_database(settings, ending, clock, log)
            else:
                await _keep_alone(settings, ending, clock, log)
        except StartRefused as error:
            code = refuse(error)
        tasks.cancel_scope.cancel()
    log.info("the sync worker stopped")
    return code


async def _keep_alone(settings: Settings, ending: asyncio.Event, clock: Clock, log: Log) -> None:
    """Work, once no other worker of the data directory does. Raises :class:`StartRefused`."""
    directory = worker_directory(settings.data_dir)
    try:
        with await hold_worker(directory, ending, log) or nullcontext() as hold:
            if hold is not None:
                with listen(directory) as listener:
                    await _keep(settings, listener, ending, clock, log)
    except OSError as error:
        raise StartRefused(f"The sync worker cannot use {directory}: {error}.") from error


def _last_words(sink: LineSink, clock: Clock) -> None:
    """Say that something hangs. In any thread, so through a sink that nobody else has."""
    sink.flush()
    last = LineSink(_STDOUT)
    make_log(last.append, clock, "error").error(
        "the sync worker did not end in time; the next one makes the view again"
    )
    last.flush()


def _ending(deadline: Deadline, *, supervised: bool) -> asyncio.Event:
    """Return an event that is set when the process is to end. From then on, its time runs."""
    ending = asyncio.Event()

    def end() -> None:
        deadline.begin()
        ending.set()

    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        if supervised:
            signal.signal(number, signal.SIG_IGN)
        else:
            loop.add_signal_handler(number, end)
    if supervised:
        stdin = sys.stdin.fileno()

        def read() -> None:
            if not os.read(stdin, 1):
                loop.remove_reader(stdin)
                end()

        loop.add_reader(stdin, read)
    return ending


async def _keep(
    settings: Settings, listener: socket.socket, ending: asyncio.Event, clock: Clock, log: Log
) -> None:
    config = log_config(settings)
    folders = Folders(config.directory, config.archive, config.snapshots, config.central)
    keeper = CentralKeeper(folders, clock.now, log)
    upkeep = Upkeep(run_upkeep, folders, lambda: keeper.passed, clock, log)
    worker = SyncWorker(keeper, upkeep, settings.sync_interval_ms / 1000, log)
    log.info("the sync worker is at work")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_when, ending, worker.end)
        await worker.run(listener)
        tasks.cancel_scope.cancel()


async def _when(event: asyncio.Event, then: Callable[[], None]) -> None:
    await event.wait()
    then()
