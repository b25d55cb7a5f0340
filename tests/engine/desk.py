"""A desk in front of an engine: sends commands, and reads answers the way a client would."""

import asyncio
from typing import Any, TypeVar

import msgspec
import pytest

from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.commands import CountStock, ReserveStock
from surestock.inventory.model import Level, StockKey
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal
from surestock.ledger.command import Command
from surestock.ledger.history import HistoryEntry
from surestock.ledger.port import Engine, Envelope, Outcome
from surestock.ledger.record import Record

R = TypeVar("R", bound=Refusal)

TEA: StockKey = ("east", "tea")
RICE: StockKey = ("west", "rice")
ALL = 10_000
_LONG_S = 60


def key(command: Command, name: str = "k-1", client: str = "ann") -> IdempotencyKey:
    """Name a try, with the fingerprint of what it asks for."""
    return make_key(client, "POST", "/path", name, fingerprint_of(command))


class Desk:
    """One client, "ann", of one engine."""

    def __init__(self, engine: Engine, clock: ManualClock) -> None:
        self.engine = engine
        self.clock = clock
        self._requests = 0

    async def decided(self, sent: "asyncio.Task[Outcome]") -> None:
        """Wait until what was sent is decided, and not necessarily durable."""
        async with asyncio.timeout(_LONG_S):
            # Each turn of the loop is looked at: it may be durable soon after.
            while not (sent.done() or self.engine.status().queue_depth):  # noqa: ASYNC110
                await asyncio.sleep(0)

    def envelope(self, command: Command, idempotency: IdempotencyKey | None = None) -> Envelope:
        """Put ``command`` into an envelope of a new request."""
        self._requests += 1
        return Envelope(command, "ann", f"req-{self._requests}", idempotency)

    async def do(self, command: Command, idempotency: IdempotencyKey | None = None) -> Outcome:
        """Carry out ``command``; it must be accepted."""
        return await self.engine.transact(self.envelope(command, idempotency))

    async def refused(
        self, kind: type[R], command: Command, idempotency: IdempotencyKey | None = None
    ) -> R:
        """Return the refusal of ``command``, which must be of this very kind."""
        with pytest.raises(kind) as caught:
            await self.do(command, idempotency)
        assert type(caught.value) is kind
        return caught.value

    async def stock(self, on_hand: int, *keys: StockKey) -> None:
        """Count ``on_hand`` units of each key."""
        for store_id, sku in keys:
            await self.do(CountStock(store_id, sku, on_hand))

    async def reserve(self, stock: StockKey, qty: int, ttl_s: int | None = None) -> str:
        """Reserve one line; return the reservation's id."""
        outcome = await self.do(ReserveStock(*stock, qty, ttl_s=ttl_s))
        assert outcome.reply.reservation_id is not None
        return outcome.reply.reservation_id

    async def level(self, stock: StockKey) -> Level:
        """Read a level that must be there."""
        level = await self.engine.find_level(stock)
        assert level is not None
        return level

    async def numbers(self, stock: StockKey) -> tuple[int, int, int]:
        """Read (on-hand, reserved, version)."""
        level = await self.level(stock)
        return (level.on_hand, level.reserved, level.version)

    async def status_of(self, reservation_id: str) -> str:
        """Read the status of a reservation that must be there."""
        held = await self.engine.find_reservation(reservation_id)
        assert held is not None
        return held.status

    async def records(self) -> list[Record]:
        """Read the whole feed."""
        return await self.engine.records(0, ALL)

    async def history(self, stock: StockKey) -> list[HistoryEntry]:
        """Read the whole history of a level."""
        return await self.engine.history(stock, 0, ALL)


def body(outcome: Outcome) -> dict[str, Any]:
    """Parse the answer of an accepted command."""
    parsed: dict[str, Any] = msgspec.json.decode(outcome.reply.body)
    return parsed
