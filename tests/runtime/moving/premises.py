"""What is moved, where to, and what is in each place."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import asyncpg
from msgspec import Raw, Struct, json

from surestock.cart.commands import AddItem, PutProduct
from surestock.database import named_statements
from surestock.inventory.commands import ReserveStock
from surestock.journal.append import AppendConfig
from surestock.journal.scan import Scan
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope
from surestock.runtime.moving import (
    MoveUnproved,
    Proof,
    migrate_database,
    move_to_database,
    move_to_log,
    moving_config,
)
from surestock.runtime.offline.beginning import log_beginning
from surestock.runtime.offline.tables import (
    RecordsDamaged,
    TablesAudit,
    audit_tables,
    one_snapshot,
)
from tests.cli.kept import Shop, kept
from tests.cli.shelf import DAY

_split = json.Decoder(list[Raw]).decode
CHUNK = 5
_LONG_S = 60
_OTHERS = named_statements("surestock.runtime.moving", "moving.sql")["others"]


class Struck(Exception):
    """What a test interrupts a move with."""


def struck() -> None:
    """Interrupt."""
    raise Struck


class Silence:
    """Watches a move and keeps what it was told."""

    def __init__(self) -> None:
        self.went_on: int | None = None
        self.left_out: str | None = None

    def begun(self, size: int, *, proving: bool, unit: str) -> None: ...

    def reached(self, done: int) -> None: ...

    def goes_on(self, through: int) -> None:
        self.went_on = through

    def torn(self, where: str) -> None:
        self.left_out = where


class Premises(Struct):
    """A shop, a database with empty tables, and a directory that is not there yet."""

    shop: Shop
    url: str
    back: Path

    async def move(self, watcher: Silence | None = None) -> Proof:
        """Move the shop's log into the database."""
        config, told = moving_config(self.url), watcher or Silence()
        return await self._to_its_end(
            move_to_database(self.shop.config, config, self.shop.clock, told, CHUNK)
        )

    async def move_back(self, watcher: Silence | None = None) -> Proof:
        """Move the database into the directory."""
        append, told = AppendConfig(segment_records=20), watcher or Silence()
        return await self._to_its_end(
            move_to_log(self.url, self.back, append, DAY, self.shop.clock, told, CHUNK)
        )

    async def _to_its_end(self, moving: Awaitable[Proof]) -> Proof:
        """Let the session of a move that is broken off be gone before anybody moves again."""
        try:
            return await moving
        except (Struck, MoveUnproved, RecordsDamaged):
            await self.until_alone()
            raise

    async def until_alone(self) -> None:
        """Wait until nobody is connected who would refuse a move: who is cut off is missed late."""
        async with asyncio.timeout(_LONG_S):
            while (await self.ask(_OTHERS))[0]["count"]:  # noqa: ASYNC110 - told by nobody
                await asyncio.sleep(0.01)

    async def audit(self) -> TablesAudit:
        """Audit the database."""
        async with one_snapshot(self.url) as connection:
            return await audit_tables(connection, DAY, self.shop.clock)

    async def ask(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Run a statement on the database."""
        connection = await asyncpg.connect(self.url)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    async def records(self) -> list[bytes]:
        """Return the JSON of every record of the database."""
        found = await self.ask("SELECT body FROM surestock.records ORDER BY sequence")
        return [row["body"].encode() for row in found]


async def migrated(url: str) -> None:
    """Make the tables."""
    await migrate_database(url, lambda _: None)


def furnished(data_dir: Path) -> Shop:
    """Return a shop with archived segments, a batch, reservations that run out, and a cart."""
    shop = kept(data_dir)
    shop.hold("for good")
    shop.write_batch(7)
    shop.carry_out(
        [
            _by(ReserveStock("s2", "apple", 3, ttl_s=60)),
            _by(ReserveStock("s1", "bread", 1, ttl_s=7 * 24 * 3600)),
            _by(PutProduct("apple", "Apple", "accessory", 199, "EUR", stocked=True)),
            _by(AddItem("ann", "apple", 2, "s1")),
        ]
    )
    shop.clock.advance(3600)
    shop.sell(2)
    return shop


def records_of(shop: Shop) -> list[bytes]:
    """Return the JSON of every record of a log."""
    scan = Scan(shop.config.directory, shop.config.archive, log_beginning(shop.config))
    return [bytes(raw) for _, commit in scan for raw in _split(commit.records)]


def again(shop: Shop, data_dir: Path) -> Shop:
    """Return a shop whose data stands elsewhere, at the same time."""
    moved = Shop(data_dir)
    moved.clock = shop.clock
    return moved


def _by(command: object) -> Envelope:
    return Envelope(command, "till", IdSource().next())  # type: ignore[arg-type]
