"""Spans: what a request tells a tracing system, where there is one.

The service knows this port alone, and usually not even that: without an endpoint there are no
spans, and a request pays for one look at None. A request is told once, when it has ended: begin and
end are in it, and nothing has to be carried along in between.

No span holds a path, a SKU, a store or a client: the route's template names parameters only.
"""

from typing import Protocol


class Spans(Protocol):
    """Takes a span for each request."""

    def record(
        self, method: str, route: str, status: int, seconds: float, traceparent: bytes | None
    ) -> str:
        """Tell of a request that has just ended; return its trace id, 32 hexadecimal digits.

        ``route`` is the template of its path. A valid ``traceparent`` is the span's parent.
        """
        ...

    def close(self) -> None:
        """Send what is waiting, within a few seconds. It blocks: call it in a thread, or last."""
        ...
