"""The feed is read as it is written: an attempt, and each order that completed it."""

from demo.checkout.books import Story
from demo.checkout.record import still_open, stories


def _begun(attempt: str) -> dict[str, object]:
    return {"type": "CheckoutBegun", "userId": "ann", "attemptId": attempt}


def _completed(attempt: str, number: str) -> dict[str, object]:
    order = {"orderId": "7", "orderNumber": number}
    return {"type": "CheckoutCompleted", "userId": "ann", "attemptId": attempt, "order": order}


def test_an_attempt_has_the_orders_that_completed_it() -> None:
    events: list[dict[str, object]] = [
        _begun("a"),
        {"type": "StockCounted"},
        _begun("b"),
        _completed("b", "B1"),
    ]
    assert stories(events) == {"a": Story("a", "ann", ()), "b": Story("b", "ann", ("B1",))}


def test_a_second_completion_is_not_taken_for_the_first() -> None:
    told = stories([_begun("a"), _completed("a", "A1"), _completed("a", "A2")])
    assert told["a"].orders == ("A1", "A2")


def test_a_completion_out_of_nowhere_is_told_too() -> None:
    assert stories([_completed("a", "A1")])["a"].orders == ("A1",)


def test_a_checkout_is_open_until_it_has_an_end() -> None:
    states = {"a": "in_progress", "b": "unknown", "c": "completed", "d": "failed", "e": "pending"}
    assert list(still_open(states)) == ["a", "b"]
