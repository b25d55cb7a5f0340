"""A buyer: fills a cart, checks out, and writes down what was answered and nothing else.

As real clients do, he sends the same request with the same key until it has an end, and takes a
new key when he has changed his mind.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from demo.checkout.books import End, Receipt
from demo.checkout.cards import Card, Cards
from demo.checkout.goods import CASE, PLAN, STORE
from demo.checkout.wish import Wish
from demo.till import Answer, Send, UnexpectedAnswer

ASKS: Final = 8
"""How often he asks what became of it before he leaves."""
TRIES: Final = 6
"""How often he begins anew before he leaves."""
PAUSE_S: Final = 2.0
OK, ACCEPTED, DECLINED, CONFLICT, BAD_GATEWAY = 200, 202, 402, 409, 502
_RUNNING: Final = frozenset({"CheckoutInProgress", "IdempotencyInFlight"})
_BY_WEIGHT: Final[tuple[End, ...]] = ("bought", "unsure", "declined", "sold out", "refused")


class Buyer:
    """One buyer with one cart. ``hands`` are his connections, one for each click."""

    def __init__(self, wish: Wish, hands: Sequence[Send], receipt: Receipt, cards: Cards) -> None:
        self._wish = wish
        self._hands = hands
        self._cards = cards
        self._receipt = receipt
        self._cart = f"/carts/{wish.user}"
        self._changes = 0

    async def buy(self) -> None:
        """Shop to the end. Raises :class:`UnexpectedAnswer`, also in a group."""
        await self._fill()
        is_poor = self._wish.temper in {"declined", "insolvent"}
        for number in range(TRIES):
            end = await self._check_out(number, self._cards.bad if is_poor else self._cards.good)
            if end == "declined" and self._wish.temper == "declined":
                is_poor = False
            elif end == "sold out" and self._receipt.holds[self._wish.device] > 1:
                await self._change("PATCH", self._wish.device, 1)
            elif end != "refused":
                self._receipt.end = end
                return
        self._receipt.end = "refused"

    async def _fill(self) -> None:
        wish = self._wish
        await self._change("POST", wish.device, wish.qty)
        for sku in wish.extras:
            await self._change("POST", sku, 1)
        if wish.temper == "fickle":
            if CASE not in wish.extras:
                await self._change("POST", CASE, 3)
                await self._change("DELETE", CASE, 0)
            await self._change("PATCH", wish.device, 3 - wish.qty)

    async def _change(self, method: str, sku: str, qty: int) -> None:
        """Let the cart hold so many; a POST is for what is not in it."""
        target = f"{self._cart}/items" if method == "POST" else f"{self._cart}/items/{sku}"
        body: dict[str, object] | None = {"qty": qty} if qty else None
        if method == "POST":
            body = {"sku": sku, "qty": qty}
            if sku != PLAN:
                body["storeId"] = STORE
        self._changes += 1
        key = f"{self._wish.user}-change-{self._changes}"
        answer = await self._hands[0](method, target, body, key=key)
        if answer.status != OK:
            raise UnexpectedAnswer(f"{method} {target}", answer)
        self._receipt.holds[sku] = qty

    async def _check_out(self, number: int, card: Card) -> End:
        """Check out with one key, or one a click; return the end, ``refused`` to begin anew."""
        clicks = range(self._wish.clicks)
        keys = [f"{number}" if self._wish.one_key else f"{number}-{click}" for click in clicks]
        async with asyncio.TaskGroup() as group:
            asked = [
                group.create_task(self._await_end(hand, key, card))
                for hand, key in zip(self._hands, keys, strict=False)
            ]
        ends = {task.result() for task in asked}
        return next(end for end in _BY_WEIGHT if end in ends)

    async def _await_end(self, send: Send, key: str, card: Card) -> End:
        target = f"{self._cart}/checkout"
        body = {
            "customer": {
                "email": self._wish.email,
                "firstName": "Ada",
                "lastName": self._wish.user,
            },
            "payment": card,
        }
        for _ in range(ASKS):
            answer = await send("POST", target, body, key=f"{self._wish.user}-checkout-{key}")
            end = self._read(target, answer)
            if end is not None:
                return end
            await asyncio.sleep(PAUSE_S)
        return "unsure"

    def _read(self, target: str, answer: Answer) -> End | None:
        """Return what an answer means, None when there is none yet."""
        if answer.status == OK:
            self._receipt.orders.add(answer.body["orderNumber"])
            return "bought"
        error = answer.body.get("error")
        if answer.status in {ACCEPTED, BAD_GATEWAY} or error in _RUNNING:
            return None
        if answer.status == DECLINED:
            return "declined"
        if error == "InsufficientStock":
            return "sold out"
        if error == "ProviderConflict":
            return "refused"
        raise UnexpectedAnswer(f"POST {target}", answer)
