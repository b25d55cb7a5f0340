"""The shelves: opens the stock before the sale, and reads every level after it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from demo.basket import Quantities, StockKey
from demo.crowd import share
from demo.oracle import Level
from demo.till import Answer, Send, UnexpectedAnswer

BATCH = 1000
PAGE = 1000
OK, CREATED = 200, 201

Row = dict[str, object]


async def open_stock(
    stock: Quantities, sends: Sequence[Send], advance: Callable[[int], None]
) -> None:
    """Count every stock key into existence, in batches shared out over ``sends``.

    ``advance`` is told the number of levels opened. Raises :class:`UnexpectedAnswer` (in a
    group) when one could not be opened.
    """

    async def post(batch: list[Row], send: Send) -> None:
        answer = await send("POST", "/inventory/batch", {"operations": batch})
        _check(batch, answer)
        advance(len(batch))

    await share(_batches(stock), sends, post)


def _batches(stock: Quantities) -> Iterator[list[Row]]:
    rows = iter(stock.items())
    while part := list(islice(rows, BATCH)):
        yield [
            {"op": "count", "storeId": store, "sku": sku, "onHand": units}
            for (store, sku), units in part
        ]


def _check(batch: list[Row], answer: Answer) -> None:
    """Raise :class:`UnexpectedAnswer` unless every row of a batch opened a level."""
    results = answer.body.get("results", ())
    if answer.status != OK or len(results) != len(batch):
        request = "POST /inventory/batch"
        raise UnexpectedAnswer(request, answer)
    for row, result in zip(batch, results, strict=True):
        if result["status"] != CREATED:
            request = f"the batch row {row}"
            raise UnexpectedAnswer(request, Answer(result["status"], result))


async def read_levels(stores: Iterable[str], sends: Sequence[Send]) -> Mapping[StockKey, Level]:
    """Return every level of ``stores``, page by page.

    Raises :class:`UnexpectedAnswer` (in a group).
    """
    levels: dict[StockKey, Level] = {}

    async def read(store: str, send: Send) -> None:
        first = target = f"/stores/{store}/inventory?limit={PAGE}"
        while target:
            answer = await send("GET", target)
            if answer.status != OK:
                raise UnexpectedAnswer(target, answer)
            levels.update(_level(item) for item in answer.body["items"])
            cursor = answer.body["nextCursor"]
            target = f"{first}&cursor={cursor}" if cursor else ""

    await share(stores, sends, read)
    return levels


def _level(item: Mapping[str, Any]) -> tuple[StockKey, Level]:
    key = (item["storeId"], item["sku"])
    return key, Level(item["onHand"], item["reserved"], item["qty"], item["version"])
