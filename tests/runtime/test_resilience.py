"""The wired service on a disk that fails: changes are refused honestly, reads go on, it heals."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio import create_task_group

from surestock.kit.clock import ManualClock
from surestock.runtime.bootstrap import Wired, wire
from surestock.runtime.settings import Settings
from surestock.runtime.stock import Background
from tests.faults.plan import Fault, Plan, no_room

LEVEL = "/stores/berlin/inventory/apple"
WRITES = ("journal.write", "journal.probe.write")
_COOLDOWN_S = 4.0


class Shop:
    """The service as it is wired, and a client of it."""

    def __init__(self, wired: Wired, clock: ManualClock) -> None:
        self.wired = wired
        self.clock = clock
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=wired.app), base_url="http://surestock.test"
        )

    async def ask(self, method: str, path: str, body: Any = None, key: str = "") -> httpx.Response:
        headers = {"idempotency-key": key} if key else {}
        return await self._client.request(method, path, json=body, headers=headers)

    async def count(self, on_hand: int, key: str = "") -> httpx.Response:
        return await self.ask("PUT", LEVEL, {"onHand": on_hand}, key)

    async def readiness(self) -> tuple[int, dict[str, Any]]:
        answer = await self.ask("GET", "/health/readiness")
        return answer.status_code, answer.json()

    async def until_ready(self) -> None:
        while (await self.readiness())[0] != 200:  # noqa: ASYNC110 - a probe asks like this, too
            await asyncio.sleep(0.001)

    async def until_it_opened(self, times: int) -> None:
        openings = self.wired.metrics.breaker_openings
        while openings["journal"] < times:  # noqa: ASYNC110 - it sets no event
            await asyncio.sleep(0.001)


async def _run(work: Background) -> None:
    await work()


@asynccontextmanager
async def shop(directory: Path) -> AsyncIterator[Shop]:
    """Run a service with all that runs in its background, as the supervisor does."""
    settings = Settings(
        data_dir=directory,
        breaker_threshold=3,
        breaker_cooldown_ms=int(_COOLDOWN_S * 1000),
        retry_times=0,
    )
    clock = ManualClock()
    wired = wire(settings, clock)
    await wired.engine.start()
    async with create_task_group() as tasks:
        for work in wired.background:
            tasks.start_soon(_run, work)
        yield Shop(wired, clock)
        tasks.cancel_scope.cancel()
    await wired.engine.close()


async def test_a_full_disk_means_read_only_and_room_means_read_write_again(tmp_path: Path) -> None:
    async with shop(tmp_path) as it:
        first = await it.count(5, "k")
        assert first.status_code == 201
        assert (await it.readiness())[0] == 200
        with no_room(*WRITES):
            for number in range(6):
                refused = await it.count(number)
                assert refused.status_code == 503
                assert refused.json()["error"] == "ReadOnly"
                assert int(refused.headers["retry-after"]) == (1 if number < 3 else _COOLDOWN_S)
            status, told = await it.readiness()
            assert (status, told["ready"], told["mode"]) == (503, False, "read_only")
            assert told["breakers"]["journal"] == "open"
            assert any("No space left on device" in reason for reason in told["reasons"])
            for path in (LEVEL, "/stores/berlin/inventory", f"{LEVEL}/history", "/health/liveness"):
                assert (await it.ask("GET", path)).status_code == 200
            assert (await it.ask("GET", LEVEL)).json()["onHand"] == 5
            again = await it.count(5, "k")
            assert (again.status_code, again.content) == (201, first.content)
            it.clock.advance(_COOLDOWN_S)
            await it.until_it_opened(2)
            assert (await it.count(9)).status_code == 503
        it.clock.advance(_COOLDOWN_S)
        await it.until_ready()
        healed = await it.count(7)
        assert (healed.status_code, healed.json()["version"]) == (200, 2)
        assert it.wired.metrics.breaker_states["journal"] == "closed"
    async with shop(tmp_path) as again_up:
        assert (await again_up.ask("GET", LEVEL)).json()["onHand"] == 7


async def test_a_refused_change_may_be_sent_again_under_its_key_and_is_done_once(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as it:
        await it.count(10)
        adjust = ("POST", f"{LEVEL}/adjust", {"delta": -1})
        with no_room(*WRITES):
            for _ in range(5):
                assert (await it.ask(*adjust, key="once")).status_code == 503
        it.clock.advance(_COOLDOWN_S)
        await it.until_ready()
        for _ in range(3):
            assert (await it.ask(*adjust, key="once")).json()["onHand"] == 9


async def test_under_random_faults_every_answer_is_true_or_503(tmp_path: Path) -> None:
    faults = (Fault("journal.write", "error", 0.3), Fault("journal.write", "short", 0.3))
    plan = Plan(11, faults)
    done: list[int] = []
    statuses: set[int] = set()
    async with shop(tmp_path) as it:
        await it.count(1000)

        async def client(name: int) -> None:
            for number in range(10):
                body = {"delta": -1}
                for _ in range(30):
                    answer = await it.ask("POST", f"{LEVEL}/adjust", body, f"{name}-{number}")
                    statuses.add(answer.status_code)
                    if answer.status_code == 200:
                        done.append(answer.json()["version"])
                        break
                    it.clock.advance(1)
                    await asyncio.sleep(0.001)

        with plan.armed():
            async with create_task_group() as clients:
                for name in range(8):
                    clients.start_soon(client, name)
        assert statuses == {200, 503}
        assert {kind for _, kind in plan.happened} == {"error", "short"}
        it.clock.advance(_COOLDOWN_S)
        await it.until_ready()
        level = (await it.ask("GET", LEVEL)).json()
        assert level["onHand"] == 1000 - len(done)
        assert sorted(done) == list(range(2, level["version"] + 1))


@pytest.mark.parametrize("point", ["journal.probe.write", "journal.probe.fdatasync"])
async def test_a_disk_that_takes_nothing_but_the_log_is_not_taken_into_use(
    tmp_path: Path, point: str
) -> None:
    async with shop(tmp_path) as it:
        with no_room("journal.write"):
            for _ in range(3):
                await it.count(1)
        with no_room(point):
            for openings in (2, 3):
                it.clock.advance(_COOLDOWN_S)
                await it.until_it_opened(openings)
            assert (await it.readiness())[0] == 503
        it.clock.advance(_COOLDOWN_S)
        await it.until_ready()
