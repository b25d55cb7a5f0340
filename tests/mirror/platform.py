"""A commerce platform in a dictionary, which fails as it is told to.

A cart's token is renewed by each answer, and only the newest one and the one before it open the
cart: as at platforms whose tokens rotate. Calls for one cart that overlap are held against it.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Literal, TypeAlias

from surestock.cart.model import ExternalContext
from surestock.commerce import errors as err
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)

Fault: TypeAlias = Literal["expire", "away", "lost", "refuse", "part", "ignore", "slow", "double"]
FAULTS: tuple[Fault, ...] = (
    "expire", "away", "lost", "refuse", "part", "ignore", "slow", "double",
)  # fmt: skip
Script: TypeAlias = Callable[[str], Fault | None]
"""Is asked before each call, by the verb."""


class Kept:
    """A cart of the platform: lines by their id, and who may see it."""

    def __init__(self, currency: str, reference: str) -> None:
        self.currency = currency
        self.reference = reference
        self.lines: dict[str, tuple[str, int]] = {}
        self.token = 0
        self.busy = False

    def quantities(self) -> dict[str, int]:
        sums: Counter[str] = Counter()
        for sku, qty in self.lines.values():
            sums[sku] += qty
        return dict(sums)


class FakePlatform:
    """``script`` says what goes wrong; ``prices`` what the platform asks, where it tells."""

    capabilities = Capabilities(idempotent_place=False, stock="partial")

    def __init__(self, name: str = "fake") -> None:
        self.name = name
        self.carts: dict[str, Kept] = {}
        self.script: Script = lambda _: None
        self.prices: dict[str, int] = {}
        self.calls: list[tuple[str, str]] = []
        self.overlaps: list[str] = []
        self.most_at_once = 0
        self._inside = 0
        self._made = 0

    async def open_cart(self, currency: str, reference: str) -> RemoteCart:
        fault = await self._begin("open_cart", reference, None)
        cart_id = self._new_id()
        self.carts[cart_id] = Kept(currency, reference)
        return self._end(cart_id, fault)

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        fault = await self._begin("read_cart", context.external_cart_id, context)
        return self._end(context.external_cart_id, fault)

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        cart_id = context.external_cart_id
        fault = await self._begin("set_quantity", cart_id, context)
        lines = self.carts[cart_id].lines
        if fault == "part":
            self._put(lines, line, item.sku, max(1, item.qty // 2))
            self.carts[cart_id].busy = False
            raise err.InsufficientStock(item.sku)
        if fault != "ignore":
            self._put(lines, line, item.sku, item.qty)
        if fault == "double":
            lines[self._new_id()] = (item.sku, 1)
        return self._end(cart_id, fault)

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        cart_id = context.external_cart_id
        fault = await self._begin("remove_item", cart_id, context)
        if fault != "ignore":
            self.carts[cart_id].lines.pop(line.line_id, None)
        return self._end(cart_id, fault)

    async def close_cart(self, context: ExternalContext) -> None:
        fault = await self._begin("close_cart", context.external_cart_id, context)
        self._end(context.external_cart_id, fault)
        del self.carts[context.external_cart_id]

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        raise AssertionError("no test here checks out")

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        raise AssertionError("no test here checks out")

    async def find_order(self, context: ExternalContext, attempt_id: str) -> PlacedOrder | None:
        raise AssertionError("no test here checks out")

    async def aclose(self) -> None:
        """Hold nothing."""

    def plan(self, *faults: Fault | None) -> None:
        """Let the next calls go so, and all later ones well."""
        left = iter(faults)
        self.script = lambda _: next(left, None)

    def _new_id(self) -> str:
        self._made += 1
        return f"R{self._made}"

    def verbs(self) -> list[str]:
        return [verb for verb, _ in self.calls]

    def _put(
        self, lines: dict[str, tuple[str, int]], line: RemoteLine | None, sku: str, qty: int
    ) -> None:
        lines[self._new_id() if line is None else line.line_id] = (sku, qty)

    async def _begin(
        self, verb: str, cart_id: str, context: ExternalContext | None
    ) -> Fault | None:
        """Let others run, as a call over a network does; fail if that is in the script."""
        self.calls.append((verb, cart_id))
        fault = self.script(verb)
        if fault == "expire":
            self.carts.pop(cart_id, None)
        kept = self.carts.get(cart_id)
        if kept is not None and kept.busy:
            self.overlaps.append(cart_id)
        self._inside += 1
        self.most_at_once = max(self.most_at_once, self._inside)
        if kept is not None:
            kept.busy = True
        try:
            await asyncio.sleep(20.0 if fault == "slow" else 0.0)
            self._fail(fault)
            if context is not None:
                self._check(cart_id, context)
        except BaseException:
            if kept is not None:
                kept.busy = False
            raise
        finally:
            self._inside -= 1
        return fault

    def _fail(self, fault: Fault | None) -> None:
        if fault == "away":
            raise err.Unavailable(f"no answer to call {len(self.calls)}", 2)
        if fault == "refuse":
            raise err.Conflict("The commerce platform refused it.")

    def _check(self, cart_id: str, context: ExternalContext) -> None:
        kept = self.carts.get(cart_id)
        if kept is None or kept.token - int(context.secrets["token"]) > 1:
            raise err.CartExpired("The commerce platform does not know the cart.")

    def _end(self, cart_id: str, fault: Fault | None) -> RemoteCart:
        kept = self.carts[cart_id]
        kept.busy = False
        if fault == "lost":
            raise err.Unavailable("the connection broke", 1)
        kept.token += 1
        lines = tuple(
            RemoteLine(line_id, sku, qty, self.prices.get(sku))
            for line_id, (sku, qty) in kept.lines.items()
        )
        context = ExternalContext(self.name, cart_id, {"token": str(kept.token)})
        return RemoteCart(context, lines, kept.currency)
