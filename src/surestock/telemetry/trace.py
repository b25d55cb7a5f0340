"""W3C trace context: the part of it that log lines and spans need.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re
from contextvars import ContextVar

from msgspec import Struct

_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_VERSION_0 = b"00-"

TRACEPARENT: ContextVar[str | None] = ContextVar("traceparent", default=None)
"""The header to send along with what the present request asks of others; None sends none.

Whoever sets it has looked whether it is valid.
"""


class TraceParent(Struct, frozen=True):
    """Who asks. ``trace_id`` has 32 hexadecimal digits, ``span_id`` 16; flag 1 is "sampled"."""

    trace_id: str
    span_id: str
    flags: int


def find_parent(traceparent: bytes) -> TraceParent | None:
    """Return what the header says, or None when it is not valid."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[4] is not None and traceparent.startswith(_VERSION_0)):
        return None
    return TraceParent(found[1].decode(), found[2].decode(), int(found[3], 16))


def trace_id(traceparent: bytes) -> str | None:
    """Return the trace id, 32 hexadecimal digits, or None when the header is not valid."""
    parent = find_parent(traceparent)
    return None if parent is None else parent.trace_id
