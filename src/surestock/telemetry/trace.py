"""W3C trace context: the one part of it that the log needs.

https://www.w3.org/TR/trace-context/#traceparent-header
"""

import re

_TRACEPARENT = re.compile(
    rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?"
)
_VERSION_0 = b"00-"


def trace_id(traceparent: bytes) -> str | None:
    """Return the trace id, 32 hexadecimal digits, or None when the header is not valid."""
    found = _TRACEPARENT.fullmatch(traceparent)
    if found is None or (found[2] is not None and traceparent.startswith(_VERSION_0)):
        return None
    return found[1].decode()
