"""When several errors apply: syntax, then the key, then existence, then the version, then stock."""

from typing import Any

import pytest

from tests.api.desk import LEVEL, Api, problem

RESERVE = f"{LEVEL}/reserve"
SYNTAX = {"qty": "1"}
USED_KEY = {"idempotency_key": "used"}
STALE = {"expectedVersion": 9}
TOO_MANY = {"qty": 99}


@pytest.fixture
async def used(api: Api) -> Api:
    await api.count(10)
    for path in (RESERVE, "/stores/berlin/inventory/none/reserve"):
        await api.post(path, {"qty": 1}, idempotency_key="used")
    return api


@pytest.mark.parametrize(
    ("path", "body", "headers", "error"),
    [
        (RESERVE, SYNTAX | STALE, USED_KEY, "ValidationError"),
        (RESERVE, TOO_MANY | STALE, USED_KEY, "IdempotencyConflict"),
        ("/stores/berlin/inventory/none/reserve", TOO_MANY, USED_KEY, "IdempotencyConflict"),
        ("/stores/berlin/inventory/none/reserve", TOO_MANY | STALE, {}, "NotFound"),
        (RESERVE, TOO_MANY | STALE, {}, "VersionConflict"),
        (RESERVE, TOO_MANY, {}, "InsufficientStock"),
        ("/nowhere", SYNTAX, USED_KEY, "NotFound"),
    ],
)
async def test_the_first_in_order_is_the_one_that_is_told(
    used: Api, path: str, body: dict[str, Any], headers: dict[str, str], error: str
) -> None:
    assert problem(await used.post(path, body, **headers))["error"] == error
