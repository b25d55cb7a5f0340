"""Leases over HTTP: who meets one is told at once, which it was, and when to try again."""

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from urllib.parse import unquote

import msgspec
import pytest

from surestock.engine.memory import MemoryEngine
from surestock.inventory.unavailable import LockHeld, LockLost
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from tests.api.desk import LEVEL, Api, problem

HELD = LockHeld("berlin/apple", "another process", 2)
ROW = {"op": "adjust", "storeId": "berlin", "sku": "apple", "delta": 1}


class LeasedEngine(MemoryEngine):
    """Meets a lease of another process as long as there is one."""

    met: Unavailable | None = None
    locks: str | None = None
    warnings: tuple[str, ...] = ()

    async def transact(self, envelope: Envelope) -> Outcome:
        if self.met is not None:
            raise self.met
        return await super().transact(envelope)

    async def transact_each(
        self, envelopes: Sequence[Envelope]
    ) -> list[Outcome | Refusal | Unavailable]:
        if self.met is not None:
            return [self.met for _ in envelopes]
        return await super().transact_each(envelopes)

    def status(self) -> EngineStatus:
        return msgspec.structs.replace(super().status(), locks=self.locks, warnings=self.warnings)


@pytest.fixture
def engine(clock: ManualClock) -> LeasedEngine:
    return LeasedEngine(clock, IdSource("bootboot"), timedelta(hours=24))


@pytest.fixture
async def leased(engine: LeasedEngine, clock: ManualClock) -> AsyncIterator[Api]:
    built = Api(engine, clock)
    async with built.client:
        yield built


async def test_a_lease_of_another_process_is_a_503_that_names_it(
    leased: Api, engine: LeasedEngine
) -> None:
    engine.met = HELD
    answer = await leased.post(f"{LEVEL}/reserve", {"qty": 1})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.headers["x-lock-key"] == "berlin/apple"
    shown = problem(answer)
    assert (shown["error"], shown["key"]) == ("LockHeld", "berlin/apple")
    assert "another process" not in answer.text


async def test_a_lease_that_was_taken_over_is_a_503_whatever_is_set(
    engine: LeasedEngine, clock: ManualClock
) -> None:
    engine.met = LockLost("berlin/apple")
    async with Api(engine, clock, lock_reject_status=423).client as client:
        answer = await client.post(f"{LEVEL}/reserve", json={"qty": 1})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.headers["x-lock-key"] == "berlin/apple"
    assert (problem(answer)["error"], answer.json()["key"]) == ("LockLost", "berlin/apple")


@pytest.mark.parametrize("status", [423, 429, 503])
async def test_whoever_runs_the_service_chooses_the_status(
    engine: LeasedEngine, clock: ManualClock, status: int
) -> None:
    engine.met = HELD
    api = Api(engine, clock, lock_reject_status=status)
    async with api.client:
        answer = await api.post(f"{LEVEL}/reserve", {"qty": 1})
        rows = await api.post("/inventory/batch", {"operations": [ROW]})
        line = await api.send(
            "POST",
            "/inventory/batch",
            msgspec.json.encode(ROW),
            content_type="application/x-ndjson",
        )
    assert (answer.status_code, answer.headers["retry-after"]) == (status, "2")
    assert problem(answer)["error"] == "LockHeld"
    (row,) = rows.json()["results"]
    assert (row["status"], row["error"], row["key"]) == (status, "LockHeld", "berlin/apple")
    assert msgspec.json.decode(line.content)["status"] == status
    assert api.metrics.batch_rows == {status: 2}


@pytest.mark.parametrize("key", ["berlin/a b", "a\r\nx-injected: 1", "zürich/käse", "100%/x"])
async def test_a_key_cannot_break_out_of_its_header(
    leased: Api, engine: LeasedEngine, key: str
) -> None:
    engine.met = LockHeld(key, "another process", 1)
    answer = await leased.post(f"{LEVEL}/reserve", {"qty": 1})
    shown = answer.headers["x-lock-key"]
    assert shown.isascii()
    assert shown.isprintable()
    assert " " not in shown
    assert unquote(shown) == key
    assert "x-injected" not in answer.headers


async def test_the_same_key_carries_out_what_a_lease_had_refused(
    leased: Api, engine: LeasedEngine
) -> None:
    await leased.count(5)
    engine.met = HELD
    refused = await leased.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    assert refused.status_code == 503
    engine.met = None
    answer = await leased.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    assert (answer.status_code, answer.json()["reserved"]) == (200, 1)
    assert "idempotent-replayed" not in answer.headers


async def test_readiness_tells_of_leases_where_there_are_some(
    leased: Api, engine: LeasedEngine
) -> None:
    alone = (await leased.get("/health/readiness")).json()
    assert "locks" not in alone["breakers"]
    assert alone["warnings"] == []
    engine.locks, engine.warnings = "open", ("the lock directory cannot be used",)
    answer = await leased.get("/health/readiness")
    shared = answer.json()
    assert (answer.status_code, shared["ready"], shared["reasons"]) == (200, True, [])
    assert shared["breakers"]["locks"] == "open"
    assert shared["warnings"] == ["the lock directory cannot be used"]
