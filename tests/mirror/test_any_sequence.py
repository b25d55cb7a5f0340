"""Whatever users do and the platform fails at: in the end its carts hold what ours do.

Each user's acknowledged operations are kept apart from the engine, so that a lost one is seen.
"""

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.cart.model import Cart, ExternalContext
from surestock.commerce.port import CommerceProvider, RemoteCart, RemoteLine, WantedItem
from surestock.mirror import Mirrors, QueueFull, SyncFailed
from tests.mirror.platform import FAULTS, FakePlatform, Fault
from tests.mirror.shop import CONFIG, SKUS, Shop, on_virtual_time

USERS, OPERATIONS = 200, 50


async def one_operation(shop: Shop, user: str, rng: random.Random) -> None:
    """Do something at random to the user's cart; a refusal of the mirror is no loss."""
    held = shop.wanted.get(user, {})
    what = rng.random()
    sku = rng.choice(sorted(held)) if held else rng.choice(SKUS)
    if not held or what < 0.45:
        await shop.add(user, rng.choice(SKUS), rng.randint(1, 5))
    elif what < 0.65:
        await shop.set(user, sku, rng.randint(1, 9))
    elif what < 0.80:
        await shop.remove(user, sku)
    elif what < 0.85:
        await shop.drop(user)
    elif what < 0.90:
        shop.mirrors.seen(user)
    else:
        try:
            await shop.mirrors.sync(user, "till", "r-2")
        except (SyncFailed, QueueFull):
            return


async def shopping(shop: Shop, users: int, operations: int, seed: int) -> None:
    """Let users shop at a platform of which a fifth of the calls fail, then let it recover."""
    faults = random.Random(seed)
    await shop.open()

    def script(_: str) -> Fault | None:
        return faults.choice(FAULTS) if faults.random() < 0.2 else None

    async def shops(user: str) -> None:
        rng = random.Random(f"{seed}/{user}")
        for _ in range(operations):
            await one_operation(shop, user, rng)
            await asyncio.sleep(rng.choice((0.0, 0.0, 0.3, 1.1, 4.0)))

    async with shop.running():
        shop.platform.script = script
        async with asyncio.TaskGroup() as group:
            for number in range(users):
                group.create_task(shops(f"U{number}"))
        shop.platform.script = lambda _: None
        await shop.settle()
        await shop.check()


@pytest.mark.parametrize("seed", [1, 2])
def test_two_hundred_users_lose_nothing_at_a_platform_that_fails(seed: int) -> None:
    async def story() -> None:
        shop = Shop()
        await shopping(shop, USERS, OPERATIONS, seed)
        figures = shop.mirrors.figures
        assert figures.failed > 100
        assert figures.recreated > 50
        assert shop.platform.most_at_once >= CONFIG.at_once
        print(f"seed {seed}: {figures}, {len(shop.platform.calls)} calls")

    on_virtual_time(story)


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.lists(st.sampled_from([None, *FAULTS]), max_size=40))
def test_any_faults_in_any_order_heal(seed: int, faults: list[Fault | None]) -> None:
    async def story() -> None:
        shop = Shop()
        await shop.open()
        plan: Iterator[Fault | None] = iter(faults)
        shop.platform.script = lambda _: next(plan, None)
        rng = random.Random(seed)
        async with shop.running():
            for _ in range(15):
                await one_operation(shop, rng.choice(["A", "B"]), rng)
                await asyncio.sleep(rng.choice((0.0, 0.7, 1.0, 2.5)))
            await shop.settle()
            await shop.check()

    on_virtual_time(story)


class AddsUp(FakePlatform):
    """Takes a quantity for so many more: what a relative verb would come to."""

    async def set_quantity(
        self, context: ExternalContext, item: WantedItem, line: RemoteLine | None
    ) -> RemoteCart:
        held = 0 if line is None else line.qty
        more = WantedItem(item.sku, held + item.qty, item.unit_price, item.name, item.type)
        return await super().set_quantity(context, more, line)


class DeafWhileBusy(Mirrors):
    """Forgets a change that comes while the cart is being synced."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.busy: set[str] = set()

    def changed(self, user_id: str) -> None:
        if user_id not in self.busy:
            super().changed(user_id)

    async def _tend(self, user_id: str) -> None:
        self.busy.add(user_id)
        await super()._tend(user_id)
        self.busy.discard(user_id)


class Believer(Mirrors):
    """Takes a cart that it has a context of for one that is as it was."""

    async def sync(self, user_id: str, actor: str, request_id: str) -> Cart:
        return await self._book.get_cart(user_id)

    async def _tend(self, user_id: str) -> None:
        cart = await self._book.find_cart(user_id)
        if cart is None or cart.mirror.context is None:
            await super()._tend(user_id)
            return
        self._running -= 1
        self._agenda.ended(user_id, self._monotonic(), None)
        self._wake.set()


@pytest.mark.parametrize("broken", [AddsUp, DeafWhileBusy, Believer])
def test_the_attack_has_teeth(broken: type[CommerceProvider] | type[Mirrors]) -> None:
    async def story() -> None:
        shop = Shop(kind=broken) if issubclass(broken, Mirrors) else Shop(platform=AddsUp())
        await shopping(shop, 100, 20, seed=3)

    with pytest.raises((AssertionError, KeyError)):
        on_virtual_time(story)
