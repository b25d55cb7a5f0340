"""Holds the books of the day against each other. Every finding is a sentence, and one is too many.

The platform's book is the judge: it knows nothing of the service but the attempt's id.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Literal, NamedTuple

from demo.checkout.books import Books, PaidOrder, Units

Kind = Literal["doubled", "lost", "oversold", "stock", "open"]


class Finding(NamedTuple):
    """One thing that is not as it must be."""

    kind: Kind
    what: str


def audit(books: Books) -> Iterator[Finding]:
    """Yield everything that is wrong."""
    for kind, found in (
        ("doubled", _doubled_at_the_platform(books)),
        ("doubled", _doubled_on_record(books)),
        ("lost", _lost(books)),
        ("oversold", _oversold(books)),
        ("stock", _stock(books)),
        ("open", _open(books)),
    ):
        for what in found:
            yield Finding(kind, what)  # type: ignore[arg-type]


def _doubled_at_the_platform(books: Books) -> Iterator[str]:
    for order in books.orders:
        if order.payments > 1:
            yield f"order {order.number} of {order.user} was paid {order.payments} times"
    for what, names in (
        ("attempt", [order.attempt for order in books.orders]),
        ("buyer", [order.user for order in books.orders]),
    ):
        for name, count in Counter(names).items():
            if count > 1:
                yield f"the platform has {count} paid orders of {what} {name}"


def _doubled_on_record(books: Books) -> Iterator[str]:
    for user, count in Counter(story.user for story in books.bought()).items():
        if count > 1:
            yield f"the service completed {count} attempts of {user}, who has one cart"
    for story in books.bought():
        if len(story.orders) > 1:
            yield f"attempt {story.attempt} was completed {len(story.orders)} times"
    for receipt in books.receipts.values():
        if len(receipt.orders) > 1:
            yield f"{receipt.user} was told of {len(receipt.orders)} orders for one cart"


def _lost(books: Books) -> Iterator[str]:
    """Yield what somebody was told or has paid for, and the others know nothing of."""
    by_number = {order.number: order for order in books.orders}
    by_attempt = {order.attempt: order for order in books.orders}
    numbers = {story.user: story.orders for story in books.bought()}
    for receipt in books.receipts.values():
        for number in receipt.orders:
            if number not in by_number:
                yield f"{receipt.user} was told of order {number}, which the platform has not"
            if number not in numbers.get(receipt.user, ()):
                yield f"{receipt.user} was told of order {number}, which is not on record"
    for story in books.bought():
        order = by_attempt.get(story.attempt)
        if order is None:
            yield f"attempt {story.attempt} is completed, and the platform has no order of it"
        elif (order.number, order.user) != (story.orders[0], story.user):
            yield f"attempt {story.attempt} is on record with order {story.orders[0]}, not its own"
    for order in books.orders:
        yield from _misplaced(books, order)


def _misplaced(books: Books, order: PaidOrder) -> Iterator[str]:
    """Yield what is wrong with an order for which somebody has paid."""
    story, state = books.stories.get(order.attempt), books.states.get(order.user)
    if order.payments < 1:
        yield f"order {order.number} of {order.user} is placed, and nobody has paid for it"
    if story is None:
        yield f"order {order.number} was placed with an attempt that is not on record"
    elif not story.orders and state != "unknown":
        yield f"{order.user} paid for order {order.number}, and the checkout is {state}"
    receipt = books.receipts.get(order.user)
    held = None if receipt is None else +receipt.holds
    if order.units != held:
        yield f"order {order.number} is not over what the cart of {order.user} held"


def _oversold(books: Books) -> Iterator[str]:
    paid = _units(books.orders)
    for sku, opening in books.opening.items():
        level = books.levels[sku]
        if paid[sku] > opening:
            yield f"{paid[sku]} of {opening} units of {sku} are paid for"
        if min(level.on_hand, level.available, level.reserved) < 0:
            yield f"{sku} has {level.on_hand} on hand, {level.available} available"


def _stock(books: Books) -> Iterator[str]:
    """Yield levels that are not what was paid for, and what is still reserved for the unknown."""
    attempts = {story.attempt for story in books.bought()}
    paid = _units(tuple(order for order in books.orders if order.attempt in attempts))
    kept: Units = Counter()
    for user, state in books.states.items():
        if state == "unknown":
            kept.update(books.receipts[user].holds)
    for sku, opening in books.opening.items():
        level = books.levels[sku]
        if opening - level.on_hand != paid[sku]:
            yield f"{opening - level.on_hand} units of {sku} left the shelf, {paid[sku]} are paid"
        if level.reserved != kept[sku]:
            yield f"{level.reserved} units of {sku} are reserved, {kept[sku]} for an open checkout"


def _open(books: Books) -> Iterator[str]:
    bought = {story.user for story in books.bought()}
    for user, state in books.states.items():
        if state == "in_progress":
            yield f"the checkout of {user} has no end, and nobody says that it is unknown"
        if (state == "completed") != (user in bought):
            yield f"the checkout of {user} is {state}, and the feed tells otherwise"


def _units(orders: tuple[PaidOrder, ...]) -> Units:
    units: Units = Counter()
    for order in orders:
        units.update(order.units)
    return units
