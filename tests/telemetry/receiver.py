"""A receiver of OTLP over HTTP: it takes spans, or tells everybody to come back."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Receiver(ThreadingHTTPServer):
    """``endpoint`` is its address; ``names`` gets the name of each span that arrives.

    ``bodies`` is everything that was sent, as it was.
    """

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.endpoint = f"http://127.0.0.1:{self.server_port}"
        self.names: Queue[str] = Queue()
        self.paths: set[str] = set()
        self.bodies = b""


class _Taker(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Receiver)
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.paths.add(self.path)
        self.server.bodies += body
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    self.server.names.put(span.name)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Say nothing."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Receive for as long as the context lasts."""
    with Receiver() as receiver:
        thread = Thread(target=receiver.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()
