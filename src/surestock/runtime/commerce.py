"""The commerce platform, and what stands between it and the carts: made and wired here."""

import asyncio
from pathlib import Path

import anyio
from msgspec import Struct

from surestock.checkout.config import CheckoutConfig
from surestock.checkout.desk import CheckoutDesk
from surestock.checkout.shop import Shop
from surestock.commerce.guard import Guard
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.registry import load
from surestock.kit.clock import Clock
from surestock.ledger.port import Engine
from surestock.mirror.across.port import Across
from surestock.mirror.config import MirrorConfig
from surestock.mirror.mirrors import Mirrors
from surestock.mirror.queue import UserQueue
from surestock.runtime.commerce_telemetry import CommerceTelemetry
from surestock.runtime.errors import StartRefused
from surestock.runtime.log_config import breaker_config
from surestock.runtime.settings import Settings
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics

_MOST_WAITING_A_USER = 64
# The guard's longest wait for a place, and as much as a process may stand still unnoticed.
_LEAVES_S = 15.0
_EACH_ITS_OWN = (
    "COMMERCE_PROVIDER keeps its orders in memory, so each of several processes has a platform of "
    "its own: good for trying out, and not for orders"
)


class CommerceSide(Struct, frozen=True):
    """The platform behind its guard, the carts it has of ours, and the desk for checkouts."""

    guard: Guard
    mirrors: Mirrors
    checkouts: CheckoutDesk

    async def run(self) -> None:
        """Sync carts and work on checkouts until cancelled; then let go of the platform."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self.mirrors.run)
                tasks.start_soon(self.checkouts.run)
        finally:
            with anyio.CancelScope(shield=True):
                await self.guard.aclose()


def make_commerce(
    settings: Settings,
    engine: Engine,
    clock: Clock,
    log: Log,
    metrics: Metrics,
    across: Across | None = None,
) -> CommerceSide:
    """Return what carts and checkouts need, of the platform that ``settings`` name.

    ``across`` locks users between the processes that share ``engine``'s records, if there are
    several. It has to be there for as long as what is returned runs.

    Raises :class:`StartRefused` for a file that cannot be read, and what the registry raises for a
    platform that is not there, or whose configuration is wrong.
    """
    provider = load(settings.commerce_provider, _config(settings.commerce_config_file), clock)
    if across is not None and provider.capabilities.in_process:
        log.warning(_EACH_ITS_OWN, provider=provider.name)
    telemetry = CommerceTelemetry(metrics, log)
    guard = Guard(provider, GuardConfig(breaker=breaker_config(settings)), clock, telemetry)
    queue = UserQueue(_MOST_WAITING_A_USER, across)
    store_id = settings.cart_store_id
    mirror = MirrorConfig(default_store_id=store_id)
    mirrors = Mirrors(engine, guard, queue, clock, log, mirror, guard.for_buyers())
    leaves_s = _LEAVES_S if across is not None and across.may_be_lost else 0.0
    config = CheckoutConfig(leaves_s=leaves_s, default_store_id=store_id)
    shop = Shop(engine, guard, mirrors, queue, clock, log, config, asyncio.sleep)
    desk = CheckoutDesk(shop)
    telemetry.watch(mirrors, desk)
    return CommerceSide(guard, mirrors, desk)


def _config(path: Path | None) -> bytes | None:
    if path is None:
        return None
    try:
        return path.read_bytes()
    except OSError as error:
        raise StartRefused(
            f"COMMERCE_CONFIG_FILE={path} cannot be read: {error.strerror or error}."
        ) from error
