"""The process of ``surestock serve``: what can be refused is refused before anything runs."""

import logging

import uvloop

from surestock.kit.errors import SurestockError
from surestock.runtime.address import bind
from surestock.runtime.bootstrap import wire
from surestock.runtime.errors import refuse
from surestock.runtime.front import check_reach
from surestock.runtime.settings import read_settings
from surestock.runtime.supervisor import run
from surestock.telemetry.log import ForwardingHandler


def serve(*, with_worker: bool) -> int:
    """Serve until told to stop; return the exit code: 0 stopped, 1 failed, 2 did not start.

    ``with_worker`` also keeps a sync worker running, as a child process.
    """
    try:
        settings = read_settings()
        bound = bind(settings.host, settings.port)
        check_reach(settings, bound)
        wired = wire(settings, with_worker=with_worker)
    except SurestockError as error:
        return refuse(error)
    logging.basicConfig(handlers=[ForwardingHandler(wired.log)], level=logging.WARNING)
    try:
        return uvloop.run(run(wired, bound))
    except SurestockError as error:
        return refuse(error)
    finally:
        if wired.spans is not None:
            wired.spans.close()
        wired.sink.flush()
