"""The API process of ``surestock serve``: what can be refused is refused before anything runs."""

import logging
import socket

import uvloop
from msgspec import structs

from surestock.kit.errors import SurestockError
from surestock.runtime.address import bind, check_reach
from surestock.runtime.bootstrap import Wired, wire
from surestock.runtime.errors import refuse
from surestock.runtime.fleet.parent import leave_signals
from surestock.runtime.fleet.post import Post
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.settings import read_settings
from surestock.runtime.supervisor import run
from surestock.telemetry.log import ForwardingHandler

_SHARE = 0.8


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
    return _run(wired, bound)


def serve_as_member(seat: Seat, listener: int, board: int) -> int:
    """Serve as the API process of ``seat``, until the parent says; return the exit code.

    ``listener`` and ``board`` are descriptors that the parent had it inherit.
    """
    leave_signals()
    post = Post(seat, listener, board)
    try:
        settings = read_settings()
        port = post.bound.getsockname()[1]
        wired = wire(settings, seat=structs.replace(seat, port=port))
    except SurestockError as error:
        return refuse(error)
    # The rest of the time is its parent's, who ends the sync worker after it.
    wired = structs.replace(wired, shutdown_s=_SHARE * wired.shutdown_s)
    return _run(wired, post.bound, post)


def _run(wired: Wired, bound: socket.socket, post: Post | None = None) -> int:
    logging.basicConfig(handlers=[ForwardingHandler(wired.log)], level=logging.WARNING)
    try:
        return uvloop.run(run(wired, bound, post))
    except SurestockError as error:
        return refuse(error)
    finally:
        if wired.spans is not None:
            wired.spans.close()
        wired.sink.flush()
