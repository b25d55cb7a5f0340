"""Several processes change and sync the same carts: in the end the platform holds what ours do."""

import asyncio
import random
from collections.abc import Callable

import pytest

from surestock.cart.commands import BeginCheckout, DropCart, FailCheckout, NoteMirror
from surestock.cart.model import Cart, Checkout, ExternalContext, Failure
from surestock.commerce.port import RemoteCart
from surestock.mirror import MirrorConfig
from surestock.mirror.memory import RemoteMemory
from surestock.mirror.taking_up import TakingUp
from tests.mirror.member import Member, OneToken, members
from tests.mirror.platform import FakePlatform, Fault
from tests.mirror.shop import SKUS, Shop, on_virtual_time

SEEDS = range(6)
QUIET_S = 40.0
PLANS: tuple[list[Fault | None], ...] = (
    [],
    ["lost"],
    [None, "away"],
    [None, "slow"],
    [None, None, "slow"],
)
"""What the platform does to the first calls after a change. Who dies at a slow one did a half."""


async def change(shop: Shop, rng: random.Random) -> None:
    """Do something at random to the cart, at whatever process: none is told of it by this."""
    for sku in SKUS[:3]:
        held = shop.wanted.get("U", {})
        if sku not in held:
            await shop.add("U", sku, rng.randint(1, 2))
        elif rng.random() < 0.5:
            await shop.set("U", sku, rng.randint(1, 2))
        elif len(held) > 1:
            await shop.remove("U", sku)


async def alternate(shop: Shop, seed: int) -> None:
    """Change one cart at two processes in turn, of which one dies now and then at a sync."""
    rng = random.Random(seed)
    async with members(shop) as both:
        for number in range(16):
            member = both[number % 2]
            for it in both:
                if it.locks.is_dead:
                    it.start()
            shop.platform.plan(*rng.choice(PLANS))
            await change(shop, rng)
            member.mirrors.changed("U")
            await asyncio.sleep(rng.choice((0.5, 1.1, 3.0)))
            if rng.random() < 0.4:
                await member.die()
                await change(shop, rng)  # and nobody is told
            if rng.random() < 0.5:
                await asyncio.sleep(QUIET_S)
                await shop.check()
        shop.platform.plan()
        await asyncio.sleep(QUIET_S)
        await shop.check()


def alternate_all(make: Callable[[], FakePlatform]) -> None:
    """Play all schedules at a platform."""
    for seed in SEEDS:
        on_virtual_time(lambda seed=seed: alternate(Shop(make()), seed))  # type: ignore[misc]


@pytest.mark.parametrize("make", [OneToken, FakePlatform])
def test_what_two_processes_change_in_turn_is_what_the_platform_holds(
    make: Callable[[], FakePlatform],
) -> None:
    alternate_all(make)


def believes_what_it_heard(patch: pytest.MonkeyPatch) -> None:
    """Trust the last answer as one process may."""
    init = RemoteMemory.__init__

    def trusting(self: RemoteMemory, most: int, _: float, now: Callable[[], float]) -> None:
        init(self, most, 900.0, now)

    patch.setattr(RemoteMemory, "__init__", trusting)


def believes_unless_a_newer_sync_is_on_record(patch: pytest.MonkeyPatch) -> None:
    """Trust the last answer, if the version that was synced last is the one that it was of."""
    believes_what_it_heard(patch)
    believe, find = RemoteMemory.believe, RemoteMemory.find
    versions: dict[tuple[RemoteMemory, str], int] = {}

    def noting(self: RemoteMemory, cart: Cart, remote: RemoteCart) -> None:
        versions[self, cart.user_id] = cart.version
        believe(self, cart, remote)

    def comparing(self: RemoteMemory, cart: Cart) -> RemoteCart | None:
        is_own = versions.get((self, cart.user_id)) == cart.mirror.synced_version
        return find(self, cart) if is_own else None

    patch.setattr(RemoteMemory, "believe", noting)
    patch.setattr(RemoteMemory, "find", comparing)


def leaves_what_others_left(patch: pytest.MonkeyPatch) -> None:
    """Look for carts that are not synced at a start alone."""
    patch.setattr(TakingUp, "_is_left", lambda *_: False)


async def undo_what_a_dead_one_did_by_half(shop: Shop) -> None:
    """Change a cart back whose change another process told the platform of by half, and died."""
    async with members(shop) as both:
        await shop.add("U", "P1")
        both[0].mirrors.changed("U")
        await asyncio.sleep(3.0)
        for sku in ("P2", "P3"):
            await shop.add("U", sku)
        shop.platform.plan(None, None, "slow")
        both[1].mirrors.changed("U")
        await asyncio.sleep(2.5)
        await both[1].die()
        for sku in ("P2", "P3"):
            await shop.remove("U", sku)
        both[0].mirrors.changed("U")
        await asyncio.sleep(60.0)
        await shop.check()


def test_what_a_dead_process_did_by_half_is_seen_although_nothing_is_on_record() -> None:
    on_virtual_time(lambda: undo_what_a_dead_one_did_by_half(Shop(OneToken())))


@pytest.mark.parametrize(
    "breaks", [believes_what_it_heard, believes_unless_a_newer_sync_is_on_record]
)
def test_whoever_believes_because_nothing_newer_is_on_record_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        on_virtual_time(lambda: undo_what_a_dead_one_did_by_half(Shop(OneToken())))


@pytest.mark.parametrize("breaks", [believes_what_it_heard, leaves_what_others_left])
def test_a_mirror_that_is_right_for_one_process_alone_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    with pytest.raises(AssertionError):
        alternate_all(OneToken)


def test_of_two_that_are_due_at_once_the_second_finds_it_synced() -> None:
    async def story() -> None:
        shop = Shop()
        async with members(shop) as both:
            await shop.add("U", "P1", 2)
            for member in both:
                member.mirrors.changed("U")
            await asyncio.sleep(10.0)
            assert shop.platform.verbs() == ["open_cart", "set_quantity"]
            assert sum(member.mirrors.figures.synced for member in both) == 1
            assert shop.desk.noted(NoteMirror) == 1
            await shop.check()

    on_virtual_time(story)


def test_a_change_that_somebody_is_about_to_sync_is_not_taken_up_by_others() -> None:
    async def story() -> None:
        shop = Shop()
        async with members(shop, MirrorConfig(look_s=0.1)) as both:
            await shop.add("U", "P1", 2)
            both[0].mirrors.changed("U")
            await asyncio.sleep(10.0)
            assert [member.mirrors.figures.synced for member in both] == [1, 0]
            await shop.add("V", "P1", 2)  # and whoever was told of it is gone
            await asyncio.sleep(14.0)
            assert (await shop.cart("V")).mirror.state == "pending"
            await asyncio.sleep(3.0)
            await shop.check()

    on_virtual_time(story)


async def order_from_a_cart_that_waits_to_be_closed(shop: Shop, other: Member) -> list[str]:
    """Let the platform give a cart again, and a checkout begin with it; return the verbs."""
    await shop.add("U", "P1", 2)
    other.mirrors.changed("U")
    await asyncio.sleep(3.0)
    context = (await shop.cart("U")).mirror.context
    assert context is not None
    await shop.do(BeginCheckout("U"))
    other.mirrors.forget("U", ExternalContext(context.provider, "R-given-again"))
    shop.platform.calls.clear()
    await asyncio.sleep(60.0)
    return shop.platform.verbs()


def test_nothing_is_closed_while_another_process_may_order_from_it() -> None:
    async def story() -> None:
        shop = Shop()
        async with members(shop) as both:
            assert await order_from_a_cart_that_waits_to_be_closed(shop, both[1]) == []
            checkout = await shop.desk.find_document((Checkout.KIND, "U"))
            assert isinstance(checkout, Checkout)
            failure = Failure("ProviderError", "It failed.")
            await shop.do(FailCheckout("U", checkout.attempt.attempt_id, failure))
            await asyncio.sleep(20.0)
            assert shop.platform.verbs() == ["close_cart"]

    on_virtual_time(story)


def test_a_cart_that_is_dropped_at_one_process_while_another_syncs_it_leaves_none_behind() -> None:
    async def story() -> None:
        for began_s in (1.05, 1.5, 30.0):
            shop = Shop()
            async with members(shop) as both:
                await shop.add("U", "P1")
                both[0].mirrors.changed("U")
                shop.platform.plan(None, "slow")
                await asyncio.sleep(began_s)
                context = (await shop.cart("U")).mirror.context
                await shop.do(DropCart("U"))
                both[1].mirrors.forget("U", context)
                await asyncio.sleep(60.0)
                assert shop.platform.carts == {}
                assert shop.platform.overlaps == []

    on_virtual_time(story)
