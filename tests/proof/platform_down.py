"""Shopping while the commerce platform is gone, and what is demanded of it.

With and without the platform goes by turns, so that what else goes on in the machine changes both
alike.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

from surestock.commerce.guard_config import GuardConfig
from tests.proof.http_client import Connection, Reply
from tests.proof.shoppers import ON_HAND, STORE, Phase, Shoppers, Watch, median_p99, pooled_p99
from tests.stand_in.stand_in import StandIn
from tests.stand_in.terms import Behaviour, Books, Mode

_SLOWER = 1.5
BUYERS = 6
_NOT_YET = {202, 503}
_AGAIN_S = 0.2
_OPENINGS = 'surestock_breaker_openings_total{breaker="commerce"}'


@dataclass(slots=True)
class Down:
    """What was seen while the platform was gone."""

    phase: Phase = field(default_factory=Phase)
    states: set[str] = field(default_factory=set)
    statuses: set[int] = field(default_factory=set)
    checkouts: list[tuple[Reply, float]] = field(default_factory=list)


async def _checkout(port: int, user: str) -> tuple[Reply, float]:
    async with Connection(port) as connection:
        began = time.perf_counter()
        reply = await connection.request("POST", f"/carts/{user}/checkout", b"{}")
        return reply, time.perf_counter() - began


async def _bought(port: int, user: str, within_s: float = 60) -> Reply:
    """Check out; again, while the platform or the service was too slow for an answer."""
    deadline = time.monotonic() + within_s
    while True:
        reply, _ = await _checkout(port, user)
        if reply.status not in _NOT_YET or time.monotonic() > deadline:
            return reply
        await asyncio.sleep(_AGAIN_S)


async def while_down(shoppers: Shoppers, seconds: float, opens_s: float = 120) -> Down:
    """Shop; once the platform is given up, which it is within ``opens_s``, try to buy as well."""
    until, watch, down = asyncio.Event(), Watch(shoppers.port), Down()
    async with asyncio.TaskGroup() as group:
        group.create_task(watch.look(until))
        shopping = group.create_task(shoppers.shop(until))
        async with asyncio.timeout(opens_s):
            await watch.opened.wait()
        asyncio.get_running_loop().call_later(seconds, until.set)
        for number in range(BUYERS):
            down.checkouts.append(await _checkout(shoppers.port, f"buyer-{number}"))
    down.phase, down.states, down.statuses = shopping.result(), watch.states, watch.statuses
    return down


async def _reserved(port: int) -> int:
    async with Connection(port) as connection:
        level = await connection.get(f"/stores/{STORE}/inventory/sku-0")
        return int(level["reserved"])


async def _openings(port: int) -> int:
    async with Connection(port) as connection:
        lines = (await connection.request("GET", "/metrics")).body.decode().splitlines()
    return next(int(float(line.split()[1])) for line in lines if line.startswith(_OPENINGS))


async def _fill_buyers(shoppers: Shoppers) -> None:
    for number in range(BUYERS):
        await shoppers.fill(f"buyer-{number}", "sku-0")


def _require_undisturbed(down: Down) -> None:
    """Demand that carts went on and the breaker opened, and that the service called itself well."""
    assert not down.phase.refused
    assert down.statuses == {200}
    assert "open" in down.states


def _require_nothing_sold(down: Down, books: Books, reserved: int) -> None:
    """Demand that every checkout was refused as it should be, and that nothing came of it."""
    for reply, _ in down.checkouts:
        assert reply.status == 503, reply.body
        assert reply.json()["error"] == "ProviderUnavailable"
        assert int(reply.headers["retry-after"]) >= 1
    assert not books.asked
    assert not books.orders
    assert reserved == 0


async def _require_healed(shoppers: Shoppers, stand_in: StandIn) -> None:
    """Demand that the platform has each cart as we do, and sells each buyer's cart once."""
    held = (await stand_in.books()).carts
    for cart in await shoppers.carts():
        assert held[cart["cartId"]] == {item["sku"]: item["qty"] for item in cart["items"]}
    for number in range(BUYERS):
        reply = await _bought(shoppers.port, f"buyer-{number}")
        assert reply.status == 200, reply.body
        assert reply.json()["checkoutStatus"] == "completed"
    books = await stand_in.books()
    assert len(books.orders) == BUYERS
    assert all(len(orders) == 1 for orders in books.orders.values())
    async with Connection(shoppers.port) as connection:
        level = await connection.get(f"/stores/{STORE}/inventory/sku-0")
    assert (level["reserved"], level["onHand"]) == (0, ON_HAND - BUYERS)


async def go_down_once(
    port: int, stand_in: StandIn, mode: Mode, heals_s: float = 200
) -> tuple[Down, float]:
    """Go without the platform for a second; return what was seen, and in how many s all healed."""
    shoppers = Shoppers(port, users=16)
    await shoppers.open()
    await _fill_buyers(shoppers)
    await shoppers.synced()
    await stand_in.behave(Behaviour(mode))
    down = await while_down(shoppers, 1.0)
    _require_undisturbed(down)
    assert await _openings(port) >= 1
    _require_nothing_sold(down, await stand_in.books(), await _reserved(port))
    await stand_in.behave(Behaviour())
    async with asyncio.timeout(heals_s):
        healed_s = await shoppers.synced()
    await _require_healed(shoppers, stand_in)
    return down, healed_s


@dataclass(slots=True)
class Turns:
    """Phases with the platform, without it, and while all that it missed is made up for."""

    normal: list[Phase] = field(default_factory=list)
    downs: list[Down] = field(default_factory=list)
    healing: list[Phase] = field(default_factory=list)
    healed_s: list[float] = field(default_factory=list)

    @property
    def down(self) -> list[Phase]:
        return [down.phase for down in self.downs]

    @property
    def slower(self) -> float:
        """How many times the p99 of a cart operation is what it is with the platform."""
        return pooled_p99(self.down) / pooled_p99(self.normal)

    def require_as_fast(self) -> None:
        """Demand that nobody at a cart waits for the platform."""
        assert self.slower <= _SLOWER, f"p99 is {self.slower:.2f} times what it was"

    def require_quick_refusals(self) -> None:
        """Demand that most who want to buy are not kept waiting for a platform given up."""
        waits = [seconds for down in self.downs for _, seconds in down.checkouts]
        assert statistics.median(waits) < GuardConfig().call_s / 2

    def __str__(self) -> str:
        waits = [seconds for down in self.downs for _, seconds in down.checkouts]
        normal, down, healing = (
            f"{pooled_p99(phases) * 1000:.1f} ms ({median_p99(phases) * 1000:.1f})"
            for phases in (self.normal, self.down, self.healing)
        )
        over_windows = median_p99(self.down) / median_p99(self.normal)
        count = sum(len(phase.taken) for phase in self.down)
        return (
            f"{count:,} cart operations, none refused; p99 × {self.slower:.2f} "
            f"({over_windows:.2f} by the median of 5 s): {normal} with the platform, {down} "
            f"without, {healing} while it heals; {len(waits)} checkouts refused, the median after "
            f"{statistics.median(waits) * 1000:.0f} ms; synced again after "
            + ", ".join(f"{seconds:.0f}" for seconds in self.healed_s)
            + " s"
        )


async def take_turns(port: int, stand_in: StandIn, mode: Mode, rounds: int, down_s: float) -> Turns:
    """Shop with the platform and without it, by turns; then see all healed."""
    shoppers, turns = Shoppers(port, users=128), Turns()
    await shoppers.open()
    await _fill_buyers(shoppers)
    await shoppers.shop_for(5)
    for _ in range(rounds):
        turns.normal.append(await shoppers.shop_for(down_s / 2))
        await stand_in.behave(Behaviour(mode))
        down = await while_down(shoppers, down_s)
        turns.downs.append(down)
        _require_undisturbed(down)
        _require_nothing_sold(down, await stand_in.books(), await _reserved(port))
        await stand_in.behave(Behaviour())
        turns.healing.append(await shoppers.shop_for(down_s / 6))
        turns.healed_s.append(await shoppers.synced())
        turns.normal.append(await shoppers.shop_for(down_s / 2))
    await shoppers.synced()
    await _require_healed(shoppers, stand_in)
    return turns
