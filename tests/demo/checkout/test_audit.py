"""The audit finds nothing in honest books, and each thing that can be wrong in others."""

from collections import Counter
from collections.abc import Callable

import pytest

from demo.checkout.audit import Finding, audit
from demo.checkout.books import Books, Receipt, Story
from demo.oracle import Level
from tests.demo.checkout.paper import PHONE, honest, paid


def _findings(tamper: Callable[[Books], Books]) -> list[Finding]:
    return list(audit(tamper(honest())))


def _with_order(**more: object) -> Callable[[Books], Books]:
    return lambda books: books._replace(orders=(*books.orders, paid(**more)))  # type: ignore[arg-type]


def _with_level(on_hand: int, reserved: int) -> Callable[[Books], Books]:
    level = Level(on_hand, reserved, on_hand - reserved, 9)
    return lambda books: books._replace(levels={PHONE: level})


def _with_state(user: str, state: str) -> Callable[[Books], Books]:
    return lambda books: books._replace(states={**books.states, user: state})


def _with_receipt(user: str, units: int, *orders: str) -> Callable[[Books], Books]:
    receipt = Receipt(user, Counter({PHONE: units}), set(orders), "bought")
    return lambda books: books._replace(receipts={**books.receipts, user: receipt})


def _with_story(attempt: str, user: str, *orders: str) -> Callable[[Books], Books]:
    story = Story(attempt, user, orders)
    return lambda books: books._replace(stories={**books.stories, attempt: story})


def _without_order(number: str) -> Callable[[Books], Books]:
    return lambda books: books._replace(
        orders=tuple(order for order in books.orders if order.number != number)
    )


def _with_payments(payments: int) -> Callable[[Books], Books]:
    return lambda books: books._replace(
        orders=(books.orders[0]._replace(payments=payments), *books.orders[1:])
    )


def test_honest_books_agree() -> None:
    assert _findings(lambda books: books) == []


def test_an_order_that_nobody_has_heard_of_yet_may_be_at_the_platform() -> None:
    assert _findings(_with_order()) == []


@pytest.mark.parametrize(
    ("tamper", "kind", "complaint"),
    [
        (_with_payments(2), "doubled", "was paid 2 times"),
        (_with_order(user="bob", attempt="try-b", number="B2"), "doubled", "of attempt try-b"),
        (_with_order(user="bob", attempt="try-x", number="B2"), "doubled", "of buyer bob"),
        (_with_story("try-x", "bob", "B2"), "doubled", "2 attempts of bob"),
        (_with_story("try-b", "bob", "B1", "B2"), "doubled", "was completed 2 times"),
        (_with_receipt("bob", 1, "B1", "B2"), "doubled", "told of 2 orders"),
        (_without_order("B1"), "lost", "the platform has no order of it"),
        (_without_order("B1"), "lost", "which the platform has not"),
        (_with_story("try-b", "bob"), "lost", "not on record"),
        (_with_story("try-b", "bob", "A1"), "lost", "not its own"),
        (_with_payments(0), "lost", "nobody has paid"),
        (_with_order(user="dan", attempt="try-d"), "lost", "an attempt that is not on record"),
        (
            lambda books: _with_order()(_with_state("cid", "failed")(books)),
            "lost",
            "cid paid for order C1, and the checkout is failed",
        ),
        (_with_receipt("bob", 2, "B1"), "lost", "not over what the cart of bob held"),
        (_with_order(units=2), "oversold", "5 of 4 units"),
        (_with_level(-1, 0), "oversold", "-1 on hand"),
        (_with_level(1, 2), "oversold", "-1 available"),
        (_with_level(2, 1), "stock", "2 units of phone-01 left the shelf, 3 are paid"),
        (_with_level(0, 0), "stock", "4 units of phone-01 left the shelf, 3 are paid"),
        (_with_level(1, 0), "stock", "0 units of phone-01 are reserved, 1 for"),
        (_with_state("cid", "failed"), "stock", "1 units of phone-01 are reserved, 0 for"),
        (_with_state("dan", "in_progress"), "open", "dan has no end"),
        (_with_state("dan", "completed"), "open", "the feed tells otherwise"),
        (_with_state("ann", "failed"), "open", "the feed tells otherwise"),
    ],
)
def test_a_single_thing_that_is_wrong_is_found(
    tamper: Callable[[Books], Books], kind: str, complaint: str
) -> None:
    assert any(
        finding.kind == kind and complaint in finding.what for finding in _findings(tamper)
    ), _findings(tamper)
