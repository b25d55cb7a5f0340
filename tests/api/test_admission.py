"""Admission over HTTP: who is throttled, who is shed, in which order, and who never is."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from surestock.api.admission import AdmissionConfig
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.resilience.bucket import RateLimit
from tests.api.desk import LEVEL, Api, problem
from tests.api.keys import FakeKeys

_RESERVE = f"{LEVEL}/reserve"


class HaltedEngine(MemoryEngine):
    """Keeps every command waiting until it is let go."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock, IdSource("bootboot"), timedelta(hours=24))
        self.going = asyncio.Event()
        self.going.set()
        self.order: list[str] = []

    async def transact(self, envelope: Envelope) -> Outcome:
        await self.going.wait()
        self.order.append(envelope.request_id)
        return await super().transact(envelope)


def desk(clock: ManualClock, config: AdmissionConfig) -> Api:
    return Api(HaltedEngine(clock), clock, admission=config)


@pytest.fixture
async def limited(clock: ManualClock) -> AsyncIterator[Api]:
    built = desk(clock, AdmissionConfig(rate=RateLimit(0.5, 3), hold_s=0))
    async with built.client:
        await built.count(100)
        yield built


async def test_a_client_that_is_too_fast_is_throttled_and_told_when_to_come(
    limited: Api, clock: ManualClock
) -> None:
    left = [(await limited.post(_RESERVE, {"qty": 1})) for _ in range(3)]
    assert [answer.status_code for answer in left] == [200, 200, 429]
    assert [answer.headers["ratelimit"] for answer in left] == [
        '"default";r=1;t=4',
        '"default";r=0;t=6',
        '"default";r=0;t=6',
    ]
    assert {answer.headers["ratelimit-policy"] for answer in left} == {'"default";q=3;w=6'}
    assert (left[-1].headers["retry-after"], problem(left[-1])["error"]) == ("2", "RateLimited")
    clock.advance(2)
    assert (await limited.post(_RESERVE, {"qty": 1})).status_code == 200
    assert (await limited.post(_RESERVE, {"qty": 1})).status_code == 429
    counters = (await limited.get("/metrics", accept="application/json")).json()
    assert (counters["rateLimited"], counters["shed"]) == (2, 0)


async def test_what_is_throttled_changes_nothing(limited: Api) -> None:
    for _ in range(3):
        await limited.post(_RESERVE, {"qty": 1})
    before = await limited.sequence()
    assert (await limited.post(_RESERVE, {"qty": 1}, idempotency_key="k")).status_code == 429
    assert await limited.sequence() == before


async def test_syntax_comes_before_the_rate_and_the_rate_before_what_there_is(
    limited: Api, clock: ManualClock
) -> None:
    for _ in range(3):
        await limited.post(_RESERVE, {"qty": 1})
    assert (await limited.post(_RESERVE, {"qty": "x"})).status_code == 400
    unknown = "/stores/berlin/inventory/pear/reserve"
    assert (await limited.post(unknown, {"qty": 1})).status_code == 429
    clock.advance(2)
    assert (await limited.post(unknown, {"qty": 1})).status_code == 404


async def test_reads_and_probes_are_not_limited(limited: Api) -> None:
    for _ in range(9):
        for path in (LEVEL, "/health", "/health/readiness", "/metrics", "/events"):
            answer = await limited.get(path)
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers


async def test_a_batch_is_charged_for_its_rows(limited: Api, clock: ManualClock) -> None:
    rows = [{"op": "adjust", "storeId": "berlin", "sku": "apple", "delta": 1}] * 5
    assert (await limited.post("/inventory/batch", {"operations": rows})).status_code == 200
    clock.advance(2)  # one token, where the debt was three
    answer = await limited.post(_RESERVE, {"qty": 1})
    assert answer.status_code == 429
    clock.advance(int(answer.headers["retry-after"]))
    assert (await limited.post(_RESERVE, {"qty": 1})).status_code == 200


async def test_each_client_has_a_limit_of_its_own(clock: ManualClock) -> None:
    keys = FakeKeys()
    one = keys.know("one", client="till")
    same, other = keys.know("same", client="till"), keys.know("other")
    config = AdmissionConfig(rate=RateLimit(0.5, 2), hold_s=0)
    built = Api(HaltedEngine(clock), clock, admission=config, keys=keys)
    async with built.client:
        for key, status in ((one, 201), (one, 200), (one, 429), (same, 429), (other, 200)):
            assert (await built.put(LEVEL, {"onHand": 9}, **key)).status_code == status


async def test_without_keys_each_address_has_a_limit_of_its_own(clock: ManualClock) -> None:
    built = desk(clock, AdmissionConfig(rate=RateLimit(0.5, 1), hold_s=0))
    statuses = []
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
        transport = httpx.ASGITransport(app=built.app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            statuses.append((await client.put(LEVEL, json={"onHand": 9})).status_code)
    assert statuses == [201, 429, 200]


@pytest.fixture
async def narrow(clock: ManualClock) -> AsyncIterator[Api]:
    built = desk(clock, AdmissionConfig(slots=1, most_waiting=10, hold_s=0))
    async with built.client:
        await built.count(100)
        yield built


async def _settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_what_is_worth_less_is_shed_first_and_waits_longest(narrow: Api) -> None:
    made = [(await narrow.post(_RESERVE, {"qty": 1})).json()["reservationId"] for _ in range(9)]
    engine = narrow.engine
    assert isinstance(engine, HaltedEngine)
    engine.going.clear()
    engine.order.clear()

    async def send(name: str, path: str, body: object = None) -> httpx.Response:
        return await narrow.post(path, body, x_request_id=name)

    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(send("first", _RESERVE, {"qty": 1}))
        await _settled()
        adjusts = []
        for number in range(9):
            path = f"{LEVEL}/adjust"
            adjusts.append(tasks.create_task(send(f"adjust-{number}", path, {"delta": 1})))
            await _settled()
        readiness = await narrow.get("/health/readiness")
        reserves = []
        for number in range(2):
            reserves.append(tasks.create_task(send(f"reserve-{number}", _RESERVE, {"qty": 1})))
            await _settled()
        commits = []
        for number, reservation in enumerate(made[:2]):
            path = f"/reservations/{reservation}/commit"
            commits.append(tasks.create_task(send(f"commit-{number}", path)))
            await _settled()
        assert (await narrow.get(LEVEL)).status_code == 200
        engine.going.set()
    assert first.result().status_code == 200
    # 8 of 10 places may be taken by routine, 9 by sales, all by what is worth most.
    assert [task.result().status_code for task in adjusts] == [200] * 8 + [503]
    assert [task.result().status_code for task in reserves] == [200, 503]
    assert [task.result().status_code for task in commits] == [200, 503]
    assert engine.order == ["first", "commit-0", "reserve-0", *(f"adjust-{n}" for n in range(8))]
    refused = adjusts[-1].result()
    assert (problem(refused)["error"], int(refused.headers["retry-after"]) >= 1) == (
        "Overloaded",
        True,
    )
    assert (readiness.status_code, readiness.json()["queueDepth"]) == (503, 8)
    assert readiness.json()["reasons"] == ["the queue of changes is full"]
    assert narrow.metrics.shed == {"routine": 1, "sale": 1, "last": 1, "central": 0, "platform": 0}
    assert (await narrow.get("/health/readiness")).status_code == 200


async def test_who_hangs_up_while_waiting_leaves_the_place_to_others(narrow: Api) -> None:
    engine = narrow.engine
    assert isinstance(engine, HaltedEngine)
    engine.going.clear()
    async with asyncio.TaskGroup() as tasks:
        sent = []
        for _ in range(5):
            sent.append(tasks.create_task(narrow.post(_RESERVE, {"qty": 1})))
            await _settled()
        sent[2].cancel()
        sent[0].cancel()
        await _settled()
        engine.going.set()
    assert [task.cancelled() for task in sent] == [True, False, True, False, False]
    assert {sent[1].result().status_code, sent[4].result().status_code} == {200}
    assert (await narrow.post(_RESERVE, {"qty": 1})).status_code == 200


async def test_many_who_ask_the_worker_do_not_keep_changes_waiting(clock: ManualClock) -> None:
    engine = HaltedEngine(clock)
    asked = asyncio.Event()

    class Slow(type(engine.central)):  # type: ignore[misc]
        async def sync(self) -> object:
            await asked.wait()
            return await engine.central.sync()

    built = Api(engine, clock, Slow(), central_places=1)
    async with built.client, asyncio.TaskGroup() as tasks:
        syncs = [tasks.create_task(built.post("/sync")) for _ in range(12)]
        await _settled()
        await built.count(5)
        refused = [task.result() for task in syncs if task.done()]
        assert [answer.status_code for answer in refused] == [503] * 3
        assert {answer.json()["error"] for answer in refused} == {"Overloaded"}
        asked.set()
    assert sorted(task.result().status_code for task in syncs) == [200] * 9 + [503] * 3
