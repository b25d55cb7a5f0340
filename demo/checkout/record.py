"""What the service itself tells of the day: its feed, its checkouts, its stock."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Any, Final

from demo.checkout.books import Story
from demo.crowd import share
from demo.till import Send, UnexpectedAnswer

PAGE: Final = 1000
LOOK_EVERY_S: Final = 2.0
OK, NOT_FOUND = 200, 404
OPEN: Final = frozenset({"in_progress", "unknown"})


async def read_stories(send: Send) -> Mapping[str, Story]:
    """Return every attempt to place an order, by its id. Raises :class:`UnexpectedAnswer`."""
    events: list[Mapping[str, Any]] = []
    after = 0
    while True:
        target = f"/events?after={after}&limit={PAGE}"
        answer = await send("GET", target)
        if answer.status != OK:
            raise UnexpectedAnswer(f"GET {target}", answer)
        if not answer.body["items"]:
            return stories(events)
        for record in answer.body["items"]:
            events.extend(record["events"])
        after = answer.body["nextAfter"]


def stories(events: Iterable[Mapping[str, Any]]) -> dict[str, Story]:
    """Return the attempts that were begun, each with the orders that completed it."""
    told: dict[str, Story] = {}
    for event in events:
        attempt = event.get("attemptId", "")
        if event["type"] == "CheckoutBegun":
            told[attempt] = Story(attempt, event["userId"], ())
        elif event["type"] == "CheckoutCompleted":
            known = told.get(attempt, Story(attempt, event["userId"], ()))
            number = event["order"]["orderNumber"]
            told[attempt] = known._replace(orders=(*known.orders, number))
    return told


async def read_states(users: Iterable[str], sends: Sequence[Send]) -> dict[str, str]:
    """Return the state of each user's checkout; ``pending`` for one that never began."""
    states: dict[str, str] = {}

    async def read(user: str, send: Send) -> None:
        target = f"/carts/{user}/checkout"
        answer = await send("GET", target)
        if answer.status not in {OK, NOT_FOUND}:
            raise UnexpectedAnswer(f"GET {target}", answer)
        states[user] = answer.body.get("checkoutStatus", "pending")

    await share(users, sends, read)
    return states


async def await_ends(
    users: Iterable[str], sends: Sequence[Send], patience_s: float
) -> Mapping[str, str]:
    """Ask until no checkout is open, or for ``patience_s``; return all states as they are then."""
    until = monotonic() + patience_s
    states = await read_states(users, sends)
    while (still := list(still_open(states))) and monotonic() < until:
        await asyncio.sleep(LOOK_EVERY_S)
        states |= await read_states(still, sends)
    return states


def still_open(states: Mapping[str, str]) -> Iterator[str]:
    """Yield the users whose checkout has no end."""
    return (user for user, state in states.items() if state in OPEN)
