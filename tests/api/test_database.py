"""A lost database over HTTP: a 503 that says what is known, and a readiness that says why."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from surestock.engine.memory import MemoryEngine
from surestock.inventory.model import Level, StockKey
from surestock.inventory.unavailable import DatabaseUnavailable, OutcomeUnknown
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import EngineStatus, Envelope, Outcome
from surestock.telemetry.metrics import Metrics
from tests.api.desk import LEVEL, Api, problem


class LostDatabase(MemoryEngine):
    """Has lost what it keeps everything in."""

    lost: Unavailable = DatabaseUnavailable()

    async def transact(self, envelope: Envelope) -> Outcome:
        raise self.lost

    async def find_level(self, key: StockKey) -> Level | None:
        raise DatabaseUnavailable

    def status(self) -> EngineStatus:
        reasons = ("the database does not answer",)
        warnings = ("its clock is 3 s ahead",)
        return EngineStatus(
            5, 0, read_only=True, reasons=reasons, breaker="open", warnings=warnings
        )


@pytest.fixture
async def lost(clock: ManualClock) -> AsyncIterator[Api]:
    engine = LostDatabase(clock, IdSource("bootboot"), timedelta(hours=24))
    built = Api(engine, clock, metrics=Metrics("postgres"))
    async with built.client:
        yield built


@pytest.mark.parametrize("error", [DatabaseUnavailable(), OutcomeUnknown()])
async def test_a_change_without_a_database_is_a_503_to_be_sent_again(
    lost: Api, error: Unavailable
) -> None:
    lost.engine.lost = error  # type: ignore[attr-defined]
    answer = await lost.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert problem(answer)["error"] == type(error).__name__


async def test_a_change_whose_end_is_not_known_does_not_claim_that_it_did_not_happen(
    lost: Api,
) -> None:
    lost.engine.lost = OutcomeUnknown()  # type: ignore[attr-defined]
    told = problem(await lost.post(f"{LEVEL}/reserve", {"qty": 1}))["message"]
    assert "nobody knows yet whether it happened" in told
    assert "same Idempotency-Key" in told


async def test_a_read_without_a_database_is_a_503_too(lost: Api) -> None:
    answer = await lost.get(LEVEL)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert problem(answer)["error"] == "DatabaseUnavailable"


async def test_readiness_knows_the_database(lost: Api) -> None:
    answer = await lost.get("/health/readiness")
    told = answer.json()
    assert (answer.status_code, told["ready"]) == (503, False)
    assert told["breakers"] == {"database": "open", "worker": "closed", "commerce": "closed"}
    assert told["reasons"] == ["the database does not answer"]
    assert told["warnings"] == ["its clock is 3 s ahead"]


async def test_every_read_is_documented_to_be_possible_later(api: Api) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    about_itself = ("/health", "/metrics")
    without = {
        path
        for path, item in paths.items()
        if "get" in item and "503" not in item["get"]["responses"]
    }
    assert {path for path in without if not path.startswith(about_itself)} == set()
