"""The launch day: opens the shop, lets the buyers in, kills the service, and collects the books."""

from collections import Counter
from collections.abc import Sequence
from time import perf_counter
from typing import Any, Final, NamedTuple

from rich.console import Console

from demo.checkout.books import Books, Receipt
from demo.checkout.buyer import Buyer
from demo.checkout.goods import CURRENCY, STORE, Product
from demo.checkout.platform.port import Platform
from demo.checkout.record import await_ends, read_stories
from demo.checkout.service import Service
from demo.checkout.wish import MOST_CLICKS, Wish
from demo.connection import ServiceUnreachable
from demo.crowd import open_tills, share
from demo.process import HOST
from demo.progress import progress_bars
from demo.shelf import open_stock, read_levels
from demo.till import Answer, Send, Till, UnexpectedAnswer

PATIENCE_S: Final = 240.0
"""How long open checkouts are waited for: the platform settles long before."""
LIVES: Final = 40
"""How often a till begins anew, ten tries each: a platform that is full refuses for minutes."""
OK, CREATED = 200, 201


class Day(NamedTuple):
    """The books, how long the shopping and the settling took, and how often was asked again."""

    books: Books
    shopping_s: float
    settling_s: float
    repeats: int


async def hold_day(
    wanted: Sequence[Wish],
    goods: Sequence[Product],
    clients: int,
    service: Service,
    platform: Platform,
    console: Console,
) -> Day:
    """Let every buyer in, ``clients`` at a time. Raises what they raise, in a group."""
    receipts = {wish.user: Receipt(wish.user) for wish in wanted}
    kill_after = {len(wanted) // 3, len(wanted) * 2 // 3}
    done = 0
    async with open_tills(HOST, service.port, clients * MOST_CLICKS) as tills:
        sends = [_patient(till) for till in tills]
        hands = [sends[client::clients] for client in range(clients)]
        await _open_shop(goods, sends[0])
        with progress_bars(console) as progress:
            bar = progress.add_task("checking out", total=len(wanted))

            async def serve(wish: Wish, own: Sequence[Send]) -> None:
                nonlocal done
                await Buyer(wish, own, receipts[wish.user], platform.cards).buy()
                done += 1
                progress.advance(bar)
                if done in kill_after:
                    await service.kill_and_start()

            began = perf_counter()
            await share(wanted, hands, serve)
            shopping_s = perf_counter() - began
            progress.add_task("settling", total=None)
            few = sends[:clients]
            states = await await_ends(receipts, few, PATIENCE_S)
        stories = await read_stories(sends[0])
        books = Books(
            receipts=receipts,
            stories=stories,
            states=states,
            orders=platform.orders(receipts, stories),
            opening=Counter({item.sku: item.units for item in goods if item.units is not None}),
            levels={
                sku: level for (_, sku), level in (await read_levels([STORE], sends[:1])).items()
            },
        )
        settling_s = perf_counter() - began - shopping_s
        return Day(books, shopping_s, settling_s, sum(till.repeats for till in tills))


def _patient(till: Till) -> Send:
    """Let a till go on through the death of the service and the start of the next one."""

    async def send(
        method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        for _ in range(LIVES - 1):
            try:
                return await till.send(method, target, body, key=key)
            except ServiceUnreachable:
                till.repeats += 1
        return await till.send(method, target, body, key=key)

    return send


async def _open_shop(goods: Sequence[Product], send: Send) -> None:
    for item in goods:
        target = f"/catalog/{item.sku}"
        body: dict[str, Any] = {
            "name": item.name,
            "type": item.kind,
            "unitPrice": item.price,
            "currency": CURRENCY,
            "stocked": item.units is not None,
        }
        answer = await send("PUT", target, body, key=f"open-{item.sku}")
        if answer.status not in {OK, CREATED}:
            raise UnexpectedAnswer(f"PUT {target}", answer)
    stock = {(STORE, item.sku): item.units for item in goods if item.units is not None}
    await open_stock(stock, [send], lambda _: None)
