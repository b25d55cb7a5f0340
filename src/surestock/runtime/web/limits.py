"""What a client may take of a connection: time, bytes, places. Of the product's own choosing.

Time-outs that a client meets by reading and writing as it is able to are no settings: whoever needs
others has a proxy before this.
"""

import resource

from msgspec import Struct

HEAD_S = 10
BODY_S = 20
BODY_BYTES_PER_S = 1024
IDLE_S = 75
STALLED_S = 10
LINGER_S = 5
LINGER_BYTES = 4 * 1024 * 1024
HEAD_BYTES = 32 * 1024
MOST_HEADERS = 100
MOST_PIPELINED = 64
MOST_CONNECTIONS = 8192
SPARE_CONNECTIONS = 128
DRAINED_BYTES = 64 * 1024

# File descriptors for everything else: the log, its indexes, connections that are being refused.
_KEPT_FILES = 512
_FEWEST_CONNECTIONS = 16


class WebLimits(Struct, frozen=True):
    """Seconds, bytes and numbers, each of one connection unless it says otherwise.

    ``head_s``: for all of a request's head, from the connection's begin or the head's first byte.
    ``body_s``: how far a body may fall behind ``body_bytes_per_s``, and so how long it may be
    silent. ``idle_s``: between two requests, and between two rows of a stream. ``stalled_s``: for
    taking what was sent, when that is more than the process keeps. ``linger_s`` and
    ``linger_bytes``: for reading the last answer while what is still sent is dropped.
    ``opening_s``: how old a connection without a request must be to make room for another.
    ``drained_bytes``: the largest body that is read to its end although it was answered before.
    ``spare_connections``: how many more than ``connections`` may be open, each for its refusal.
    """

    head_s: float = HEAD_S
    body_s: float = BODY_S
    body_bytes_per_s: float = BODY_BYTES_PER_S
    idle_s: float = IDLE_S
    stalled_s: float = STALLED_S
    linger_s: float = LINGER_S
    linger_bytes: int = LINGER_BYTES
    head_bytes: int = HEAD_BYTES
    headers: int = MOST_HEADERS
    pipelined: int = MOST_PIPELINED
    connections: int = MOST_CONNECTIONS
    spare_connections: int = SPARE_CONNECTIONS
    opening_s: float = 1.0
    drained_bytes: int = DRAINED_BYTES
    look_every_s: float = 0.5


def limits_of_process() -> WebLimits:
    """Return the limits, with no more connections than the process may have files open.

    Raises the soft limit of files to the hard one: the soft one is low for ``select()``'s sake.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return WebLimits()
    room = max(_FEWEST_CONNECTIONS, hard - _KEPT_FILES)
    return WebLimits(connections=min(MOST_CONNECTIONS, room))
