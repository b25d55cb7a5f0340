"""The service, or the sync worker alone; from SIGUSR1 on, what the first word names hangs.

``fdatasync`` hangs in the writer's thread and ``checkpoint`` in the worker's, as on a disk that
does not answer any more; ``loop`` is the event loop itself, as the engine closes. ``background``
does not hang but fails: work beside the requests that has to go on.
"""

import asyncio
import os
import signal
import sys
from threading import Event

import msgspec
import uvloop

from surestock.kit import failpoints
from surestock.runtime.address import bind
from surestock.runtime.bootstrap import wire
from surestock.runtime.settings import read_settings
from surestock.runtime.supervisor import run
from surestock.runtime.work import work

_what = sys.argv.pop(1)
_told = Event()


def _hang() -> None:
    if _told.is_set():
        os.write(2, b"hangs\n")
        Event().wait()


async def _fail() -> None:
    while not _told.is_set():  # noqa: ASYNC110 - a signal's handler knows no event loop
        await asyncio.sleep(0.01)
    raise ValueError("there is nothing to read any more")


async def _close() -> None:
    _hang()


async def main() -> int:
    """Serve until a signal; return the exit code."""
    settings = read_settings()
    wired = wire(settings, with_worker=_what == "fdatasync")
    if _what == "loop":
        vars(wired.engine).update(close=_close)
    if _what == "background":
        wired = msgspec.structs.replace(wired, background=(_fail,))
    try:
        return await run(wired, bind(settings.host, settings.port))
    finally:
        wired.sink.flush()


signal.signal(signal.SIGUSR1, lambda *_: _told.set())
if _what == "checkpoint":
    failpoints.arm("file.write", _hang)
    sys.exit(work(supervised=False))
failpoints.arm("journal.fdatasync", _hang)
sys.exit(uvloop.run(main()))
