"""What is long and only for the client is given up when the client hangs up."""

import asyncio
from typing import Any

import pytest

from surestock.inventory.model import StockKey
from surestock.inventory.refusals import RecordsDeleted
from surestock.inventory.unavailable import ShuttingDown
from surestock.ledger.history import HistoryEntry
from tests.api.desk import LEVEL, Api, problem, scope_of


async def test_a_history_is_given_up_when_the_client_hangs_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    await api.count(10)
    begun, given_up = asyncio.Event(), asyncio.Event()

    async def endless(key: StockKey, after: int, limit: int) -> list[HistoryEntry]:
        del key, after, limit
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        return []

    monkeypatch.setattr(api.engine, "history", endless)
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": b""}]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await begun.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await api.app(scope_of("GET", f"{LEVEL}/history".encode(), []), receive, send)
    assert given_up.is_set()
    assert sent == []
    assert api.lines[-1]["status"] == 499


@pytest.mark.parametrize(("error", "status"), [(RecordsDeleted(9), 410), (ShuttingDown(), 503)])
async def test_a_history_that_cannot_be_read_says_why(
    api: Api, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    await api.count(10)

    async def refused(*_: object) -> list[HistoryEntry]:
        raise error

    monkeypatch.setattr(api.engine, "history", refused)
    answer = await api.get(f"{LEVEL}/history")
    assert (answer.status_code, problem(answer)["error"]) == (status, type(error).__name__)
