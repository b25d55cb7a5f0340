"""Every error that is raised on purpose has one root, and says whether trying again can help."""

import pytest

from surestock.idempotency import IdempotencyConflict, IdempotencyInFlight
from surestock.inventory.invariants import InvariantViolation
from surestock.inventory.refusals import NotFound
from surestock.kit.errors import Refusal, SurestockError, Unavailable


@pytest.mark.parametrize(
    "error",
    [NotFound("x"), IdempotencyConflict("k"), IdempotencyInFlight("k"), InvariantViolation()],
)
def test_every_error_on_purpose_has_the_same_root(error: Exception) -> None:
    assert isinstance(error, SurestockError)


def test_a_refusal_is_final_and_an_unavailability_is_not() -> None:
    assert isinstance(IdempotencyConflict("k"), Refusal)
    assert isinstance(IdempotencyInFlight("k"), Unavailable)
    assert not isinstance(IdempotencyInFlight("k"), Refusal)
    assert IdempotencyInFlight("k").retry_after_s >= 1
    assert "'k'" in str(IdempotencyConflict("k"))


def test_a_refusal_belongs_to_no_request_until_one_was_refused() -> None:
    assert NotFound("x").request_id is None
