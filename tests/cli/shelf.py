"""Data directories to look at: made by the engine, or forged line by line."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from surestock.idempotency import fingerprint_of, make_key
from surestock.inventory.commands import (
    AdjustStock,
    Command,
    CommitReservation,
    CountStock,
    ExpectedLine,
    MakeReservation,
    ReserveStock,
)
from surestock.inventory.model import Line
from surestock.journal.line import GENESIS, encode_commit, encode_header
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Envelope, Outcome
from surestock.ledger.record import Record, encode_record
from surestock.runtime.offline import OfflineEngine, event_log_of

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(hours=24)
TS = "2020-01-01T00:00:00Z"


class Shelf:
    """A data directory with an engine of its own and a clock that stands still."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = event_log_of(data_dir)
        self.clock = ManualClock(START)

    @property
    def segments(self) -> list[Path]:
        """The segments of the log, in order."""
        return sorted(self.log.glob("*.ndjson"))

    def engine(self) -> OfflineEngine:
        """Return an engine on the log, to be entered."""
        return OfflineEngine(self.log, DAY, self.clock, lambda *_: None)

    def write(self, *commands: Command, key: str | None = None) -> list[Outcome]:
        """Carry out commands, each in a line of its own, under ``key`` if there is one."""
        outcomes: list[Outcome] = []
        with self.engine() as engine:
            for command in commands:
                named = key and make_key("c", "POST", "/", key, fingerprint_of(command))
                [answer] = engine.transact_each([Envelope(command, "till", "r", named or None)])
                assert isinstance(answer, Outcome), answer
                outcomes.append(answer)
        return outcomes


def stocked(data_dir: Path) -> Shelf:
    """Return a shelf with two stores, three SKUs, and reservations in every state but expired."""
    shelf = Shelf(data_dir)
    shelf.write(
        CountStock("s1", "apple", 10, reason="opening"),
        CountStock("s1", "bread", 5),
        CountStock("s2", "apple", 7),
        AdjustStock("s1", "apple", -2, reason="rotten", reference="bin-1"),
        ReserveStock("s1", "apple", 3, reference="order-1"),
    )
    lines = (ExpectedLine(Line("s1", "apple", 1)), ExpectedLine(Line("s2", "apple", 4)))
    [made] = shelf.write(MakeReservation(lines), key="basket-1")
    assert made.reply.reservation_id is not None
    shelf.write(CommitReservation(made.reply.reservation_id, (Line("s2", "apple", 4),)))
    return shelf


def forge(data_dir: Path, records: Sequence[Record]) -> Path:
    """Write a log with sound checksums that holds ``records``, a line each; return its segment."""
    log = event_log_of(data_dir)
    log.mkdir(parents=True)
    line, crc = encode_header(GENESIS, 1, TS)
    content = [line]
    for record in records:
        sequence = record.sequence
        line, crc = encode_commit(crc, sequence, sequence, TS, [encode_record(record)])
        content.append(line)
    segment = log / f"{1:020d}.ndjson"
    segment.write_bytes(b"".join(content))
    return segment
