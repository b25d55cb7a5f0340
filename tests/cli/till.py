"""A server that answers from a script, to see what the import does with each answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import orjson


@dataclass
class Till:
    """``answers`` are (status, headers, body), one a request; None hangs up without one."""

    answers: list[tuple[int, dict[str, str], bytes] | None]
    asked: list[Any] = field(default_factory=list)
    headers: list[Message] = field(default_factory=list)
    url: str = ""


def results(*statuses: int) -> tuple[int, dict[str, str], bytes]:
    """Return the answer to a batch whose rows end with ``statuses``."""
    rows = [{"status": status, "message": f"row said {status}"} for status in statuses]
    return 200, {}, orjson.dumps({"results": rows})


@contextmanager
def serving(till: Till) -> Iterator[Till]:
    """Answer from the script on a free port while the body runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            till.asked.append(orjson.loads(body))
            till.headers.append(self.headers)
            answer = till.answers.pop(0)
            if answer is None:
                self.close_connection = True
                return
            status, headers, content = answer
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        till.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield till
        finally:
            server.shutdown()
            thread.join()
