"""Keys while something goes on: a reservation that is not durable yet, a stream that is open."""

import asyncio
from collections.abc import MutableMapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from surestock.api.admission import AdmissionConfig
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.resilience.bucket import RateLimit
from tests.api.centrals import AbsentCentral
from tests.api.desk import Api, raw, scope_of
from tests.api.keys import FakeKeys
from tests.engine.log.bench import Disk, engine_on

_NDJSON = (b"content-type", b"application/x-ndjson")
_ADJUST = b'{"op":"adjust","storeId":"berlin","sku":"apple","delta":1}\n'


class Stream:
    """A batch of rows that a client keeps open."""

    def __init__(self, api: Api, key: dict[str, str] | None = None) -> None:
        self._coming: asyncio.Queue[bytes] = asyncio.Queue()
        self._answered = b""
        self._grown = asyncio.Event()
        headers = [_NDJSON]
        if key is not None:
            headers.append((b"authorization", key["authorization"].encode()))
        scope = scope_of("POST", b"/inventory/batch", headers)
        self.served = asyncio.ensure_future(api.app(scope, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        rows = await self._coming.get()
        self._coming.task_done()
        return {"type": "http.request", "body": rows, "more_body": True}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self._answered += message.get("body", b"")
        self._grown.set()

    async def taken(self) -> None:
        """Return once all that was sent was taken."""
        await self._coming.join()

    def send(self, rows: bytes) -> None:
        self._coming.put_nowait(rows)

    async def lines(self, number: int) -> list[dict[str, Any]]:
        """Return the answers once there are so many."""
        while self._answered.count(b"\n") < number:
            self._grown.clear()
            await self._grown.wait()
        return [msgspec.json.decode(line) for line in self._answered.splitlines()]


@pytest.mark.parametrize("act", ["commit", "release", "extend"])
async def test_a_reservation_that_is_not_durable_yet_is_out_of_reach_for_a_key_of_other_stores(
    tmp_path: Path, clock: ManualClock, keys: FakeKeys, act: str
) -> None:
    disk = Disk()
    async with engine_on(tmp_path / "event-log", clock) as engine:
        api = Api(engine, clock, AbsentCentral(), keys=keys)
        chain, till = keys.know("chain"), keys.know("till", stores={"berlin"})
        for store in ("berlin", "bonn"):
            path = f"/stores/{store}/inventory/apple"
            assert (await api.put(path, {"onHand": 9}, **chain)).status_code == 201
        mine = await api.post("/stores/berlin/inventory/apple/reserve", {"qty": 1}, **till)
        boot, _, number = mine.json()["reservationId"].rpartition("-")
        alphabet = "0123456789abcdefghijklmnopqrstuvwxyz"
        following = f"{boot}-{alphabet[int(number, 36) + 1]}"
        disk.hold()
        theirs = asyncio.ensure_future(
            api.post("/stores/bonn/inventory/apple/reserve", {"qty": 1}, **chain)
        )
        body = {"ttlSeconds": 9} if act == "extend" else None
        refused = await api.post(f"/reservations/{following}/{act}", body, **till)
        disk.let_go()
        made = await theirs
        assert made.json()["reservationId"] == following, "another id was guessed"
        assert refused.status_code == 404
        held = await api.get(f"/reservations/{following}", **chain)
        assert (held.json()["status"], held.json()["expiresAt"]) == ("active", None)
        late = await api.post(f"/reservations/{following}/{act}", body, **till)
        assert late.status_code == 403
        await api.client.aclose()


async def test_a_stream_ends_when_its_key_is_revoked(guarded: Api, keys: FakeKeys) -> None:
    key, chain = keys.know("importer"), keys.know("chain")
    await guarded.put("/stores/berlin/inventory/apple", {"onHand": 1}, **chain)
    stream = Stream(guarded, key)
    stream.send(_ADJUST)
    assert [row["status"] for row in await stream.lines(1)] == [200]
    keys.revoke("importer")
    before = await guarded.sequence()
    stream.send(_ADJUST + _ADJUST)
    lines = await stream.lines(2)
    await stream.served
    assert (lines[1]["line"], lines[1]["status"], lines[1]["error"]) == (2, 401, "Unauthorized")
    assert await guarded.sequence() == before


async def test_a_stream_is_told_that_the_process_ends_and_which_row_was_the_first_not_done(
    api: Api,
) -> None:
    await api.count(1)
    idle, waiting = Stream(api), Stream(api)
    waiting.send(_ADJUST + _ADJUST[:9])
    await waiting.lines(1)
    api.app.end_streams()
    assert [row["error"] for row in await idle.lines(1)] == ["ShuttingDown"]
    lines = await waiting.lines(2)
    await asyncio.gather(idle.served, waiting.served)
    assert [(row["line"], row["status"]) for row in lines] == [(1, 200), (2, 503)]
    later = await api.send("POST", "/inventory/batch", _ADJUST, content_type="application/x-ndjson")
    assert (later.status_code, later.json()["error"]) == (503, "ShuttingDown")


async def test_two_keys_in_one_request_are_none(guarded: Api, keys: FakeKeys) -> None:
    good = (b"authorization", keys.know("good")["authorization"].encode())
    bad = (b"authorization", b"Bearer nobody")
    level = b"/stores/berlin/inventory/apple"
    for headers in ([good, bad], [bad, good], [good, good]):
        assert (await raw(guarded, "GET", level, headers))[0] == 401
    assert (await raw(guarded, "GET", level, [good]))[0] == 404


async def test_streams_of_one_client_share_its_rate(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = MemoryEngine(clock, IdSource("bootboot"), timedelta(hours=24))
    config = AdmissionConfig(rate=RateLimit(10, 20), hold_s=0)
    api = Api(engine, clock, admission=config)
    paused: asyncio.Queue[float] = asyncio.Queue()
    going = asyncio.Event()

    async def sleep(seconds: float) -> None:
        paused.put_nowait(seconds)
        await going.wait()

    monkeypatch.setattr("surestock.api.batching.stream.anyio.sleep", sleep)
    await api.count(1)
    streams = [Stream(api) for _ in range(3)]
    for stream in streams:
        stream.send(b"\n")  # it is open once this was taken
        await stream.taken()
    pauses = []
    for stream in streams:
        stream.send(_ADJUST * 20)
        pauses.append(await paused.get())
    # 17 tokens were left, and each stream has to pay for what those before it took, too.
    assert pauses == pytest.approx([0.4, 2.4, 4.4])
    assert await api.sequence() == 1, "a row was carried out before it was paid for"
    going.set()
    for stream in streams:
        assert len(await stream.lines(20)) == 20
        stream.served.cancel()
    await asyncio.gather(*(stream.served for stream in streams), return_exceptions=True)
    await api.client.aclose()
