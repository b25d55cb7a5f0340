"""The end of the process, broken: it comes at once, or what is accepted then is not written.

Each breaks when the first batch is written after the signal, and the end of all else waits a little
for that: at the signal itself there may be nothing under way that could go wrong.
"""

import asyncio
import os
from pathlib import Path
from threading import Event, Timer
from typing import Any

from surestock.journal.append import Appender
from surestock.journal.scan import Place
from surestock.runtime.draining import DrainingServer
from surestock.runtime.ending import Ending

_FOR_A_BATCH_S = 0.5


def at_once() -> None:
    """A signal ends the process before anything else is answered."""
    told = Event()
    append = Appender.append

    def begin(self: Any) -> None:
        del self
        told.set()
        in_tables = os.environ.get("ENGINE") == "postgres"
        Timer(0.0 if in_tables else _FOR_A_BATCH_S, os._exit, (0,)).start()

    def append_and_end(self: Appender, batch: Any) -> Place:
        place = append(self, batch)
        if told.is_set():
            os._exit(0)
        return place

    _replace(Ending, begin=begin)
    _replace(Appender, append=append_and_end)


def cut_answers() -> None:
    """The end waits for the log, and not for the answers: connections are cut before."""
    ending: list[tuple[asyncio.AbstractEventLoop, Ending]] = []
    begin, append = Ending.begin, Appender.append

    def begin_cutting(self: Ending) -> None:
        loop = asyncio.get_running_loop()
        ending.append((loop, self))
        loop.call_later(_FOR_A_BATCH_S, begin, self)

    def append_and_cut(self: Appender, batch: Any) -> Place:
        place = append(self, batch)
        for loop, each in ending:
            loop.call_soon_threadsafe(each.server.cut)
        return place

    async def shutdown(self: Any, sockets: Any = None) -> None:
        for each in [*self.servers, *(sockets or [])]:
            each.close()
        self.cut()

    _replace(Ending, begin=begin_cutting)
    _replace(Appender, append=append_and_cut)
    _replace(DrainingServer, shutdown=shutdown)


def dropped_batches() -> None:
    """What is still to be written when the signal comes is acknowledged, and dropped."""
    told = Event()
    begin, append = Ending.begin, Appender.append

    def begin_dropping(self: Ending) -> None:
        told.set()
        asyncio.get_running_loop().call_later(_FOR_A_BATCH_S, begin, self)

    def append_or_drop(self: Appender, batch: Any) -> Place:
        if told.is_set():
            return Place(Path("nowhere"), 1, 0, 0)
        return append(self, batch)

    _replace(Ending, begin=begin_dropping)
    _replace(Appender, append=append_or_drop)


def _replace(broken: type, **replaced: Any) -> None:
    """Replace methods of a class of the product."""
    for name, method in replaced.items():
        setattr(broken, name, method)
