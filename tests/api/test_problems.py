"""Errors over HTTP: one table, complete; nothing leaks; what may be tried again says when."""

import inspect
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from surestock.api import errors as api_errors
from surestock.api.problems import CHECKOUT_FAILURES, KINDS, kind_of
from surestock.cart import refusals as cart_refusals
from surestock.checkout import errors as checkout_errors
from surestock.engine.memory import MemoryEngine
from surestock.idempotency import IdempotencyInFlight
from surestock.idempotency import errors as idempotency_errors
from surestock.inventory import refusals, unavailable
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.unavailable import Overloaded, ReadOnly, ShuttingDown
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal, SurestockError, Unavailable
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.mirror import errors as mirror_errors
from tests.api.desk import LEVEL, Api, problem

BASES = {Refusal, Unavailable, api_errors.RequestError}
# What they show as depends on what they were made of.
BY_WHAT_THEY_HOLD = {
    refusals.LinesRefused,
    checkout_errors.CheckoutFailed,
    mirror_errors.SyncFailed,
}


def error_classes(*modules: ModuleType) -> Iterator[type[SurestockError]]:
    for module in modules:
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, SurestockError) and found not in BASES | {SurestockError}:
                yield found


def subclasses(base: type[SurestockError]) -> Iterator[type[SurestockError]]:
    for found in base.__subclasses__():
        yield found
        yield from subclasses(found)


def test_every_error_class_has_its_row() -> None:
    declared = set(
        error_classes(
            api_errors,
            refusals,
            unavailable,
            idempotency_errors,
            cart_refusals,
            checkout_errors,
            mirror_errors,
        )
    )
    known = {
        found
        for base in BASES
        for found in subclasses(base)
        if found.__module__.startswith("surestock.")
    }
    assert declared >= set(KINDS)
    assert (declared | known) - set(KINDS) == BY_WHAT_THEY_HOLD


def test_every_code_has_one_status() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in (*KINDS.values(), *CHECKOUT_FAILURES.values()):
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert all(len(found) == 1 for found in statuses.values())


def test_an_error_without_a_row_is_an_error_of_the_table() -> None:
    class Unheard(Refusal):
        """A class that nobody gave a row."""

    with pytest.raises(KeyError):
        kind_of(Unheard())


class FailingEngine(MemoryEngine):
    """Raises what a test tells it to."""

    failure: BaseException = AssertionError("not told what to raise")

    async def transact(self, envelope: Envelope) -> Outcome:
        raise self.failure


@pytest.fixture
async def failing(clock: ManualClock) -> AsyncIterator[Api]:
    built = Api(FailingEngine(clock, IdSource("bootboot"), timedelta(hours=24)), clock)
    async with built.client:
        yield built


@pytest.mark.parametrize("error", [Overloaded(), ReadOnly(), ShuttingDown()])
async def test_what_is_not_possible_now_is_a_503_that_says_when_to_try_again(
    failing: Api, error: Unavailable
) -> None:
    error.retry_after_s = 7
    failing.engine.failure = error  # type: ignore[attr-defined]
    answer = await failing.post(f"{LEVEL}/reserve", {"qty": 1})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "7")
    assert problem(answer)["error"] == type(error).__name__


async def test_a_key_in_flight_is_a_409_that_says_when_to_try_again(failing: Api) -> None:
    failing.engine.failure = IdempotencyInFlight("k")  # type: ignore[attr-defined]
    answer = await failing.post(f"{LEVEL}/reserve", {"qty": 1}, idempotency_key="k")
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert problem(answer)["error"] == "IdempotencyInFlight"


@pytest.mark.parametrize("error", [RuntimeError("at /etc/passwd"), InvariantViolation("a secret")])
async def test_a_defect_is_a_500_that_tells_the_log_and_nobody_else(
    failing: Api, error: Exception
) -> None:
    failing.engine.failure = error  # type: ignore[attr-defined]
    answer = await failing.post(f"{LEVEL}/reserve", {"qty": 1}, x_request_id="req-1")
    assert answer.status_code == 500
    assert problem(answer)["error"] == "InternalError"
    assert str(error) not in answer.text
    assert "Traceback" not in answer.text
    logged = next(line for line in failing.lines if line["event"] == "request failed")
    assert logged["requestId"] == "req-1"
    assert str(error) in logged["exception"]
    assert "Traceback" in logged["exception"]


async def test_a_remembered_refusal_keeps_no_traceback_alive(failing: Api) -> None:
    failing.engine.failure = refusals.NotFound("SKU apple")  # type: ignore[attr-defined]
    await failing.post(f"{LEVEL}/reserve", {"qty": 1})
    assert failing.engine.failure.__traceback__ is None  # type: ignore[attr-defined]
