"""A checkout to which something happens at each point in turn; then a new process takes over."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import anyio
from msgspec import Struct

from surestock.checkout.ask import CheckoutEnd
from surestock.checkout.config import CheckoutConfig
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.script import Script
from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.memory import MemoryEngine
from surestock.kit.clock import ManualClock
from surestock.kit.errors import SurestockError
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from tests.checkout.points import CALLS, VERBS, Died, Points, Watched, What
from tests.checkout.shop import STOCK, TestShop

DOUBLING = SimulatedConfig(settles_s=30.0, pending_s=20.0, doubles=True)
"""A platform that makes one more order each time that it is asked to."""

PATIENT = CheckoutConfig(answer_s=5.0)


class Story(Struct, frozen=True):
    """What goes wrong at the platform, how it is paid, and whether an order has to come of it."""

    name: str
    plan: Callable[[Script], object] = lambda _: None
    method: str | None = None
    is_bought: bool = True


STORIES = (
    Story("nothing goes wrong"),
    Story("the answer is lost", lambda script: script.lose_answer()),
    Story("the request is lost", lambda script: script.lose_request()),
    Story("it is accepted late", lambda script: script.accept_late(seconds=20.0)),
    Story("it is paid later", method="pending"),
    Story("it is declined", method="declined", is_bought=False),
    Story("the cart is gone", lambda script: script.fail("read_cart")),
    Story("letting go fails", lambda script: script.fail("close_cart", times=5)),
)


class MemoryPlace:
    """An engine that outlives processes: what it has decided is durable."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self._engine = MemoryEngine(self.clock, IdSource(), timedelta(hours=24))

    async def again(self) -> Engine:
        """Return the engine of a new process."""
        return self._engine

    async def close(self) -> None:
        """Let go of it."""


class DiskPlace:
    """An engine that each process opens anew from its files."""

    def __init__(self, folder: Path) -> None:
        self.clock = ManualClock()
        self._config = LogConfig(folder / "event-log")
        self._engine: LogEngine | None = None

    async def again(self) -> Engine:
        """Return the engine of a new process."""
        await self.close()
        self._engine = LogEngine(self._config, self.clock, IdSource())
        await self._engine.start()
        return self._engine

    async def close(self) -> None:
        """Let go of it."""
        if self._engine is not None:
            await self._engine.close()


Place: TypeAlias = MemoryPlace | DiskPlace


@asynccontextmanager
async def process(shop: TestShop, points: Points) -> AsyncIterator[None]:
    """Let the desk work until the block ends, or what is to happen has happened."""
    with anyio.CancelScope() as scope:
        points.stop = scope.cancel
        try:
            async with shop.at_work():
                yield
        except BaseExceptionGroup as group:
            if group.split(Died)[1] is not None:
                raise
        except Died:
            pass


async def attempt(shop: TestShop, story: Story) -> CheckoutEnd | SurestockError:
    """Ask for the checkout; return what the client is told."""
    try:
        return await shop.buy(key="k-1", method=story.method)
    except SurestockError as error:
        return error


async def happens(
    place: Place, story: Story, what: What, at: int, *, wait_s: float = 31.0
) -> list[str]:
    """Let ``what`` happen at a point of a checkout; return the points that were passed."""
    points = Points(what, at)
    first = TestShop(await place.again(), clock=place.clock, config=DOUBLING, checkout=PATIENT)
    await first.stock_up()
    await first.fill()
    cart = await first.cart()
    assert cart is not None
    engine: Any = Watched(first.engine, CALLS, points)
    shop = TestShop(
        engine,
        first.provider.shop,
        first.clock,
        DOUBLING,
        PATIENT,
        wrap=lambda provider: Watched(provider, VERBS, points),
    )
    story.plan(shop.provider.script)
    async with process(shop, points):
        await attempt(shop, story)
    points.at = 0
    heir = TestShop(await place.again(), first.provider.shop, first.clock, DOUBLING, PATIENT)
    await take_over(heir, story, wait_s)
    return points.passed


async def ask_until_told(shop: TestShop, story: Story) -> CheckoutEnd | SurestockError:
    """Send the same again, as a client does, while that may help; return the last answer."""
    told = None
    for _ in range(6):
        told = await attempt(shop, story)
        is_told = isinstance(told, SurestockError) and not story.is_bought
        if is_told or (isinstance(told, CheckoutEnd) and told.status == "completed"):
            return told
        shop.advance(10)
    assert told is not None
    return told


async def take_over(shop: TestShop, story: Story, wait_s: float) -> None:
    """Recover in a new process, let the client ask again, and look at what came of it."""
    for _ in range(4):
        await shop.desk.recovery.ask("ann")
        found = await shop.shop.find_checkout("ann")
        assert shop.orders <= 1, f"{shop.orders} orders"
        if found is None or not found.is_open:
            break
        shop.advance(wait_s)
    async with shop.at_work():
        first = await ask_until_told(shop, story)
        again = await attempt(shop, story)
    checkout = await shop.checkout()
    assert shop.orders == int(story.is_bought), f"{shop.orders} orders"
    assert checkout.status == ("completed" if story.is_bought else "failed")
    level = await shop.level()
    assert (level.on_hand, level.reserved) == (STOCK - int(story.is_bought), 0)
    if isinstance(first, CheckoutEnd):
        assert isinstance(again, CheckoutEnd)
        assert again.body == first.body
    else:
        assert str(again) == str(first)


async def at_every_point(make: Callable[[], Place], story: Story, what: What) -> int:
    """Let it happen at each point in turn; return how many there were."""
    passed: list[str] = []
    at = 0
    while at <= len(passed):
        place = make()
        try:
            told = await happens(place, story, what, at)
        except AssertionError as error:
            point = f"{what} {passed[at - 1]} ({at})" if at else "nothing happens"
            raise AssertionError(f"{story.name}: {point}: {error}") from error
        finally:
            await place.close()
        passed = passed or told
        at += 1
    return len(passed)
