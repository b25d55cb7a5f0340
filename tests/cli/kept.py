"""Data directories as a server leaves them after a while: sealed, indexed, archived segments.

A shop sells apples and now and then bread, three records a segment, and upkeep looks after it.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.log.upkeep import Done, UpkeepConfig, upkeep
from surestock.idempotency import fingerprint_of, make_key
from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ReserveStock,
)
from surestock.journal.append import AppendConfig
from surestock.journal.scan import Scan
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from surestock.snapshot import snapshot_path, snapshot_sequences
from surestock.sync.checkpoint import Checkpoint, write_checkpoint
from tests.cli.shelf import DAY, Shelf

RECORDS_A_SEGMENT = 3
SNAPSHOT_EVERY = 6


class Shop(Shelf):
    """A shelf that is sold from and looked after. ``archive`` is the setting."""

    def __init__(self, data_dir: Path, *, archive: bool = True) -> None:
        super().__init__(data_dir)
        append = AppendConfig(segment_records=RECORDS_A_SEGMENT)
        self.config = LogConfig(self.log, append, DAY)
        self.archive = archive
        self._orders = 0

    @property
    def archived(self) -> list[Path]:
        """The archived segments, in order."""
        return sorted(self.config.archive.glob("*.ndjson.gz"))

    @property
    def snapshots(self) -> list[Path]:
        """The snapshots, oldest first."""
        folder = self.config.snapshots
        return [snapshot_path(folder, it) for it in snapshot_sequences(folder)]

    @property
    def runs(self) -> list[Path]:
        """The runs of the index, by name."""
        return sorted(self.config.index.glob("*-*"))

    def carry_out(self, envelopes: Sequence[Envelope]) -> list[Outcome]:
        """Carry out commands, each in a line of its own."""

        async def run() -> list[Outcome]:
            engine = LogEngine(self.config, self.clock, IdSource())
            await engine.start()
            try:
                return [await engine.transact(it) for it in envelopes]
            finally:
                await engine.close()

        return asyncio.run(run())

    def open(self) -> None:
        """Count the stock of two stores: three records."""
        self.carry_out(
            [
                _sent(CountStock("s1", "apple", 1000), "open-1"),
                _sent(CountStock("s2", "apple", 500), "open-2"),
                _sent(CountStock("s1", "bread", 50), "open-3"),
            ]
        )

    def sell(self, orders: int, name_all: str = "order") -> None:
        """Reserve an apple, commit it, adjust the other store: three records an order."""
        for _ in range(orders):
            self._orders += 1
            name = f"{name_all}-{self._orders}"
            reserve = ReserveStock("s1", "apple", 1, reference=name)
            [held] = self.carry_out([_sent(reserve, name)])
            assert held.reply.reservation_id is not None
            commit = CommitReservation(held.reply.reservation_id)
            adjust = AdjustStock("s2", "apple", -1, reason=name)
            self.carry_out([_sent(commit, f"{name}-paid"), _sent(adjust, f"{name}-moved")])

    def hold(self, name: str) -> None:
        """Reserve two apples, and let them stay so."""
        self.carry_out([_sent(ReserveStock("s1", "apple", 2, reference=name), name)])

    def write_batch(self, rows: int) -> None:
        """Adjust one level in so many rows of one batch."""
        self.carry_out(
            [
                replace(it, idempotency=replace(it.idempotency, batch="ba" * 16))
                for it in (_sent(AdjustStock("s1", "bread", 1), f"row-{n}") for n in range(rows))
                if it.idempotency is not None
            ]
        )

    def keep_up(self) -> Done:
        """Do one pass of upkeep."""
        config = UpkeepConfig(self.config, SNAPSHOT_EVERY, self.archive)
        return upkeep(config, self.clock.now())

    def note(self) -> None:
        """Note, as a worker does, that the central view is level with the log."""
        scan = Scan(self.log, self.config.archive)
        for _ in scan:
            pass
        write_checkpoint(self.config.central, Checkpoint(scan.sequence, scan.crc))


def kept(data_dir: Path) -> Shop:
    """Return a shop with archived and plain segments, two snapshots, indexes and a checkpoint."""
    shop = Shop(data_dir)
    shop.open()
    for _ in range(4):
        shop.sell(2)
        shop.keep_up()
    shop.sell(1)
    shop.note()
    assert shop.archived
    assert len(shop.segments) > 1
    assert len(shop.snapshots) == 2
    return shop


def pruned(data_dir: Path) -> Shop:
    """Return a shop that keeps no archive: its oldest segments are deleted."""
    shop = Shop(data_dir, archive=False)
    shop.open()
    shop.sell(4)
    shop.keep_up()
    shop.note()
    shop.clock.advance(2 * DAY.total_seconds())
    shop.sell(2)
    assert shop.keep_up().compacted
    shop.sell(1)
    assert not shop.archived
    assert len(shop.snapshots) == 2
    return shop


def _sent(command: Command, key: str) -> Envelope:
    named = make_key("c", "POST", "/", key, fingerprint_of(command))
    return Envelope(command, "till", "r", named)
