"""The conformance suite finds a platform out that raises nothing, or something else."""

import pytest

from surestock.commerce.conformance.verdict import Deviates, equals, holds, raises
from surestock.commerce.errors import CartExpired, CommerceError, Conflict


@pytest.mark.parametrize("error", [None, Conflict("no")], ids=["none", "another"])
def test_the_error_that_is_due_must_come(error: CommerceError | None) -> None:
    with (
        pytest.raises(Deviates, match=r"a gone cart: .*CartExpired"),
        raises(CartExpired, "a gone cart"),
    ):
        _end_with(error)


def test_the_error_that_is_due_can_be_looked_at() -> None:
    gone = CartExpired("gone")
    with raises(CartExpired, "a gone cart") as raised:
        with pytest.raises(RuntimeError):
            _ = raised.error
        _end_with(gone)
    assert raised.error is gone


def test_a_fact_that_does_not_hold_is_told_in_a_sentence() -> None:
    holds(fact=True, sentence="all is well")
    equals(1, 1, "orders")
    with pytest.raises(Deviates, match="all is well"):
        holds(fact=False, sentence="all is well")
    with pytest.raises(Deviates, match="orders: 2, not 1"):
        equals(2, 1, "orders")


def _end_with(error: CommerceError | None) -> None:
    if error is not None:
        raise error
