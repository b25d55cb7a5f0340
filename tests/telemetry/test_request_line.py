"""The line of a request: what is not there is left out, and nothing of the query is in it."""

from typing import Any

import msgspec

from surestock.kit.clock import ManualClock
from surestock.telemetry.request_line import RequestLine


def written(*arguments: Any, wanted: bool = True, **named: Any) -> list[dict[str, Any]]:
    lines: list[bytes] = []
    RequestLine(lines.append, ManualClock(), wanted=wanted).write(*arguments, **named)
    return [msgspec.json.decode(line) for line in lines]


GET = ("GET", "/stores/berlin/inventory/apple", 200, 0.0015, "request-1")


def test_a_line_tells_who_asked_for_what_and_how_it_ended() -> None:
    assert written(*GET, "a" * 32, client="tills", error="RateLimited") == [
        {
            "event": "request",
            "level": "info",
            "ts": "2026-01-01T00:00:00Z",
            "method": "GET",
            "url": "/stores/berlin/inventory/apple",
            "status": 200,
            "durationMs": 1.5,
            "requestId": "request-1",
            "traceId": "a" * 32,
            "client": "tills",
            "error": "RateLimited",
        }
    ]


def test_who_has_no_name_and_what_did_not_fail_is_left_out() -> None:
    (line,) = written(*GET, None)
    assert {"traceId", "client", "error"}.isdisjoint(line)


def test_a_line_that_is_not_wanted_is_not_made() -> None:
    assert written(*GET, None, wanted=False) == []
