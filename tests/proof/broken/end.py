"""The end of the process, broken: it comes at once, or what is accepted then is not written."""

import os
from pathlib import Path
from threading import Event
from typing import Any

from surestock.journal.append import Appender
from surestock.journal.scan import Place
from surestock.runtime.draining import DrainingServer
from surestock.runtime.ending import Ending


def at_once() -> None:
    """A signal ends the process before anything else."""

    def begin(self: Any) -> None:
        del self
        os._exit(0)

    _replace(Ending, begin=begin)


def cut_answers() -> None:
    """The end waits for the log, and not for the answers: at the signal, connections are cut."""
    begin = Ending.begin

    def begin_cutting(self: Ending) -> None:
        begin(self)
        self.server.cut()

    async def shutdown(self: Any, sockets: Any = None) -> None:
        for each in [*self.servers, *(sockets or [])]:
            each.close()
        self.cut()

    _replace(Ending, begin=begin_cutting)
    _replace(DrainingServer, shutdown=shutdown)


def dropped_batches() -> None:
    """What is still to be written when the signal comes is acknowledged, and dropped."""
    told = Event()
    begin, append = Ending.begin, Appender.append

    def begin_dropping(self: Ending) -> None:
        told.set()
        begin(self)

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
