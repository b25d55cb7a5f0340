"""The application in this process, and the client that tests talk to it with."""

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import msgspec

from surestock.api import Service, build_app
from surestock.api.admission import Admission, AdmissionConfig
from surestock.api.app import Surestock
from surestock.api.central_places import CentralPlaces
from surestock.api.checkouts import Checkouts
from surestock.api.feed.feed import EventFeed, FeedLimits
from surestock.api.keys import Keys
from surestock.api.mirrors import Mirrors
from surestock.api.platform_places import PlatformPlaces
from surestock.engine.memory import MemoryEngine
from surestock.inventory.central import Central
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.telemetry.exposition import Exposition, Figures
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.request_line import RequestLine
from surestock.telemetry.shared_metrics import SharedMetrics
from tests.api.platform import FakeCheckouts, FakeMirrors

JSON = {"content-type": "application/json"}
LEVEL = "/stores/berlin/inventory/apple"


@dataclass
class Api:
    """An application and what stands around it. ``lines`` is what it logged.

    ``central`` may be left out with the engine in memory, which has its own. ``mirrors`` and
    ``checkouts`` only take note of what they are told. ``slot`` is where it tells other processes
    its metrics.
    """

    engine: Engine
    clock: ManualClock
    central: Central | None = None
    limits: FeedLimits = field(default_factory=lambda: FeedLimits(gather_s=0))
    admission: AdmissionConfig = field(default_factory=lambda: AdmissionConfig(hold_s=0))
    central_places: int = 64
    keys: Keys | None = None
    mirrors: Mirrors = field(default_factory=FakeMirrors)
    checkouts: Checkouts = field(default_factory=FakeCheckouts)
    platform_places: int = 64
    lock_reject_status: int = 503
    slot: tuple[Path, int] | None = None
    metrics: Metrics = field(default_factory=Metrics)
    raw_lines: list[bytes] = field(default_factory=list)
    app: Surestock = field(init=False)
    client: httpx.AsyncClient = field(init=False)

    def __post_init__(self) -> None:
        lines = RequestLine(self.raw_lines.append, self.clock, wanted=True)
        log = make_log(self.raw_lines.append, self.clock, "info")
        central = self.central
        if central is None:
            assert isinstance(self.engine, MemoryEngine)
            central = self.engine.central
        figures: Figures
        figures = own = Exposition(self.metrics, central.status)
        if self.slot is not None:
            figures = SharedMetrics(*self.slot, own, self.clock, log)
        self.app = build_app(
            Service(
                self.engine,
                central,
                EventFeed(self.engine, self.clock, self.metrics, self.limits),
                self.metrics,
                figures,
                log,
                lines,
                self.clock,
                IdSource("testboot"),
                Admission(self.admission, self.clock.monotonic, self.metrics),
                CentralPlaces(self.central_places, self.metrics),
                PlatformPlaces(self.metrics, self.platform_places),
                self.mirrors,
                self.checkouts,
                self.keys,
                lock_reject_status=self.lock_reject_status,
            )
        )
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app), base_url="http://surestock.test"
        )

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [msgspec.json.decode(line) for line in self.raw_lines]

    async def send(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        """Send JSON; header names are written with underscores."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is None:
            return await self.client.request(method, path, headers=given)
        content = body if isinstance(body, bytes) else msgspec.json.encode(body)
        return await self.client.request(method, path, content=content, headers=JSON | given)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Read."""
        return await self.send("GET", path, **headers)

    async def post(self, path: str, body: object = None, **headers: str) -> httpx.Response:
        """Post JSON."""
        return await self.send("POST", path, body, **headers)

    async def put(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Put JSON."""
        return await self.send("PUT", path, body, **headers)

    async def patch(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Patch JSON."""
        return await self.send("PATCH", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> httpx.Response:
        """Delete."""
        return await self.send("DELETE", path, **headers)

    async def count(self, on_hand: int, path: str = LEVEL) -> None:
        """Set the stock that a test starts from."""
        answer = await self.put(path, {"onHand": on_hand})
        assert answer.status_code in {200, 201}, answer.text

    async def sequence(self) -> int:
        """Return how many records there are: what a refusal must not change."""
        return self.engine.status().sequence


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem that an answer holds, checked for what every problem has."""
    assert answer.headers["content-type"] == "application/problem+json"
    members: dict[str, Any] = answer.json()
    assert members["status"] == answer.status_code
    assert members["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
    assert members["type"] == f"urn:surestock:problem:{members['error']}"
    assert members["message"] == members["detail"] != ""
    assert members["title"]
    assert members["requestId"]
    return members


def scope_of(method: str, target: bytes, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    """Return a request as a server hands it to the application."""
    path, _, query = target.partition(b"?")
    return {
        "type": "http",
        "method": method,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": headers,
    }


async def raw(
    api: Api,
    method: str,
    target: bytes,
    headers: list[tuple[bytes, bytes]] | None = None,
    *chunks: bytes,
) -> tuple[int, dict[bytes, bytes], bytes]:
    """Send exactly these bytes as path and headers, as a client library would not."""
    waiting = list(chunks) or [b""]
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not waiting:
            return {"type": "http.disconnect"}
        body = waiting.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await api.app(scope_of(method, target, headers or []), receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], dict(sent[0]["headers"]), body
