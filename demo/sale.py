"""The sale: opens the stock, lets the customers in, and takes stock when they have gone."""

from collections.abc import Mapping
from time import perf_counter
from typing import NamedTuple

from rich.console import Console

from demo.basket import Basket, Quantities, StockKey, group_baskets
from demo.central import Central, read_central
from demo.crowd import open_tills, share
from demo.customer import buy
from demo.opening import opening_stock
from demo.oracle import Level
from demo.process import HOST
from demo.progress import progress_bars
from demo.receipts import Receipts
from demo.sales import Sales
from demo.shelf import open_stock, read_levels
from demo.till import Send

OPENING_TILLS = 4


class Outcome(NamedTuple):
    """What the sale left: both books, the service's levels and products, and what it took."""

    opening: Quantities
    receipts: Receipts
    levels: Mapping[StockKey, Level]
    central: Central
    elapsed_s: float
    repeats: int


async def hold_sale(sales: Sales, port: int, clients: int, console: Console) -> Outcome:
    """Sell every basket of ``sales`` from ``clients`` tills at the service on ``port``.

    Raises what the tills raise, in a group.
    """
    opening = {key: opening_stock(key, demand) for key, demand in sales.demand.items()}
    receipts = Receipts()
    async with open_tills(HOST, port, clients) as tills:
        sends: list[Send] = [till.send for till in tills]
        with progress_bars(console) as progress:
            shelves = progress.add_task("opening stock", total=len(opening))
            await open_stock(
                opening, sends[:OPENING_TILLS], lambda done: progress.advance(shelves, done)
            )
            served = progress.add_task("selling baskets", total=sales.baskets)

            async def serve(basket: Basket, send: Send) -> None:
                await buy(basket, send, receipts)
                progress.advance(served)

            began = perf_counter()
            await share(group_baskets(sales.lines), sends, serve)
            elapsed_s = perf_counter() - began
        levels = await read_levels(sorted({store for store, _ in opening}), sends)
        central = await read_central(sends[0])
        repeats = sum(till.repeats for till in tills)
        return Outcome(opening, receipts, levels, central, elapsed_s, repeats)
