"""A customer: reserves a whole basket, settles for what is there, and pays.

Each change of mind is a new request with a new idempotency key. Nobody puts a reservation back,
so what was once refused never becomes available again: a customer who asks for what was left
either gets it or finds even less.
"""

from collections.abc import Mapping

from demo.basket import Basket, Quantities, StockKey, split
from demo.receipts import Receipts
from demo.till import Answer, Send, UnexpectedAnswer

PATIENCE = 5
"""Refusals after which a customer leaves the refused lines alone instead of asking for less."""

CREATED, OK, CONFLICT = 201, 200, 409


async def buy(basket: Basket, send: Send, receipts: Receipts) -> None:
    """Buy as much of the basket as there is, and write down what the service acknowledged.

    Raises :class:`UnexpectedAnswer` when an answer is neither a success nor a refusal for want
    of stock.
    """
    parts = list(split(basket.wanted))
    receipts.reservations_split += len(parts) - 1
    sold = 0
    for place, part in enumerate(parts):
        sold += await _buy_part(f"basket-{basket.number}-{place}", part, send, receipts)
    receipts.baskets += 1
    receipts.empty_handed += sold == 0


async def _buy_part(name: str, part: Quantities, send: Send, receipts: Receipts) -> int:
    """Buy what can be had of one reservation's lines; return the units sold."""
    wanted, tries = part, 0
    while wanted:
        request = f"{name}-{tries}"
        answer = await send("POST", "/reservations", {"lines": _lines(wanted)}, key=request)
        if answer.status == CREATED:
            await _commit(answer.body["reservationId"], request, send)
            receipts.record(wanted)
            break
        available = _refused(request, answer, wanted)
        tries += 1
        receipts.refusals += 1
        if tries > PATIENCE:
            receipts.left_alone.update(available)
        wanted = settle(wanted, available, patient=tries <= PATIENCE)
    left = {key: units - wanted.get(key, 0) for key, units in part.items()}
    receipts.lines_cut += sum(units > 0 for units in left.values())
    receipts.units_refused += sum(left.values())
    return sum(wanted.values())


async def _commit(reservation: str, request: str, send: Send) -> None:
    target = f"/reservations/{reservation}/commit"
    answer = await send("POST", target, {}, key=f"{request}-commit")
    if answer.status != OK or answer.body["status"] != "committed":
        raise UnexpectedAnswer(target, answer)


def _lines(wanted: Quantities) -> list[dict[str, object]]:
    return [{"storeId": store, "sku": sku, "qty": qty} for (store, sku), qty in wanted.items()]


def _refused(request: str, answer: Answer, wanted: Quantities) -> Quantities:
    """Return what is available of each line that a refusal names.

    A refusal that names no line, a foreign one, or one that could have been had is none.
    """
    if answer.status != CONFLICT or answer.body["error"] != "InsufficientStock":
        raise UnexpectedAnswer(request, answer)
    available = {
        (fault["storeId"], fault["sku"]): int(fault["available"]) for fault in answer.body["lines"]
    }
    if not available or any(wanted.get(key, 0) <= left for key, left in available.items()):
        raise UnexpectedAnswer(request, answer)
    return available


def settle(wanted: Quantities, available: Mapping[StockKey, int], *, patient: bool) -> Quantities:
    """Return what a customer asks for after a refusal.

    ``available`` holds the refused lines. A patient customer takes what is left of them, another
    does without them; lines of which nothing would be bought are dropped.
    """
    less = {key: available[key] if patient else 0 for key in available}
    return {key: units for key, qty in wanted.items() if (units := less.get(key, qty)) > 0}
