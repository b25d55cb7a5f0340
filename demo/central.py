"""The central view, as the service tells it: every product over all stores."""

from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

from demo.oracle import Level
from demo.till import Send, UnexpectedAnswer

PAGE = 1000
OK = 200


class Product(NamedTuple):
    """One SKU over all stores: the sums, and the level of each store by its id."""

    on_hand: int
    reserved: int
    available: int
    diverged: bool
    stores: Mapping[str, Level]


class Central(NamedTuple):
    """All products by SKU, the last sequence in the view, and how long the sync took."""

    products: Mapping[str, Product]
    applied_sequence: int
    sync_s: float


async def read_central(send: Send) -> Central:
    """Let the view come level with the log, then return all of it, page by page.

    Raises :class:`UnexpectedAnswer`.
    """
    began = perf_counter()
    synced = await send("POST", "/sync")
    sync_s = perf_counter() - began
    if synced.status != OK:
        request = "POST /sync"
        raise UnexpectedAnswer(request, synced)
    products: dict[str, Product] = {}
    target = f"/central/inventory?limit={PAGE}"
    while target:
        answer = await send("GET", target)
        if answer.status != OK:
            raise UnexpectedAnswer(target, answer)
        for item in answer.body["items"]:
            stores = {
                store: Level(it["onHand"], it["reserved"], it["qty"], it["version"])
                for store, it in item["stores"].items()
            }
            products[item["sku"]] = Product(
                item["onHand"], item["reserved"], item["qty"], item["diverged"], stores
            )
        cursor = answer.body["nextCursor"]
        target = f"/central/inventory?limit={PAGE}&cursor={cursor}" if cursor else ""
    return Central(products, synced.body["appliedSequence"], sync_s)
