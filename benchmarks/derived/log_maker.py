"""Make a log that clients could have made, without a server: hundreds of MiB a minute.

Every record is decided by the service's own code, and upkeep and start replay it with theirs, which
refuses a log that does not add up.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

from benchmarks.client import place
from benchmarks.derived.log_writer import LogWriter
from benchmarks.plan import ON_HAND
from surestock.engine.state import State
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.commands import Command, CountStock, ReleaseReservation, ReserveStock
from surestock.journal.position import Frontier
from surestock.kit.ids import IdSource
from surestock.ledger.decide import decide
from surestock.ledger.record import Record, encode_record
from surestock.ledger.reply import reply_to

ACTOR: Final = "anonymous"
_LINE_RECORDS: Final = 50
"""As many as clients usually wait for at once."""
_GOLDEN: Final = 2_654_435_769
"""2**32 over the golden ratio: multiples of it, modulo 2**32, are spread evenly and far apart."""


class Span(Struct, frozen=True):
    """When the records were made: from ``begin`` on, ``step`` apart."""

    begin: datetime
    step: timedelta

    @classmethod
    def until_now(cls, records: int, hours: float) -> "Span":
        """Spread so many records over the hours before now, less a few minutes."""
        length = timedelta(hours=hours)
        return cls(datetime.now(UTC) - timedelta(minutes=5) - length, length / records)

    def at(self, record: int) -> datetime:
        """Return when a record was made."""
        return self.begin + self.step * record


class KeyedReserve(Struct, frozen=True):
    """A reserve that is in the log, as its client sent it: to ``path``, with ``key``."""

    command: ReserveStock
    path: str
    key: str
    sequence: int
    named: IdempotencyKey


class LogMaker:
    """The open end of a log under ``data``, which it begins. ``nonce`` starts every key.

    ``sequence`` is the last record that was made, ``pairs`` counts reservations.
    """

    def __init__(self, data: Path, span: Span, nonce: str = "pair") -> None:
        self._writer = LogWriter(data / "event-log")
        self._span = span
        self._nonce = nonce
        self._state = State()
        self._ids = IdSource()
        self._waiting: list[bytes] = []
        self._skus = 0
        self.sequence = 0
        self.pairs = 0

    @property
    def log_bytes(self) -> int:
        """How long the log is, but for what is not flushed and for the segments' headers."""
        return self._writer.written

    def count(self, skus: int) -> None:
        """Open ``skus`` SKUs with stock that never runs out, once, before anything else."""
        for number in range(skus):
            self._commit(CountStock(*place(number), ON_HAND))
        self._skus = skus

    def reserve_and_release(self, pairs: int, *, keyed: bool) -> None:
        """Make ``pairs`` reservations of one unit, each followed by its release.

        With ``keyed``, each of both has an idempotency key of its own.
        """
        for pair in range(self.pairs, self.pairs + pairs):
            path, reserve = self._reserve(pair)
            key = f"{self._nonce}-{pair}"
            made = self._commit(reserve, _named(path, key, reserve) if keyed else None)
            release = ReleaseReservation(made)
            path = f"/reservations/{made}/release"
            self._commit(release, _named(path, f"{key}-release", release) if keyed else None)
            self._state.forget([made])
        self.pairs += pairs

    def reserve(self, pair: int) -> KeyedReserve:
        """Return the reserve of a pair, if all pairs are keyed."""
        path, command = self._reserve(pair)
        key = f"{self._nonce}-{pair}"
        sequence = self._skus + 2 * pair + 1
        return KeyedReserve(command, path, key, sequence, _named(path, key, command))

    def pair_after(self, sequence: int) -> int:
        """Return the first pair whose reserve comes after record ``sequence``."""
        return max(0, sequence - self._skus + 1) // 2

    def _reserve(self, pair: int) -> tuple[str, ReserveStock]:
        # Neighbours in time are no neighbours in memory, as with clients.
        store_id, sku = place((pair * _GOLDEN % 2**32) * self._skus >> 32)
        return f"/stores/{store_id}/inventory/{sku}/reserve", ReserveStock(store_id, sku, 1)

    def seal(self) -> None:
        """Let the next record begin a new segment."""
        self._write_line()
        self._writer.seal()

    def flush(self) -> Frontier:
        """Make everything durable that was made; return how far the log goes."""
        self._write_line()
        self._writer.flush()
        return self._writer.frontier()

    def close(self) -> None:
        """Make all durable and let go of the file."""
        self._write_line()
        self._writer.close()

    def _commit(self, command: Command, named: IdempotencyKey | None = None) -> str:
        """Carry out ``command`` and return the record's id."""
        now = self._span.at(self.sequence)
        record_id = self._ids.next()
        draft = decide(self._state, command, now, record_id)
        self.sequence += 1
        reply = None if named is None else reply_to(command, draft, record_id, self.sequence)
        levels = tuple(draft.levels.values())
        events = tuple(draft.events)
        record = Record(self.sequence, record_id, now, ACTOR, events, levels, named, reply)
        self._state.apply(levels, draft.reservations.values())
        self._waiting.append(encode_record(record))
        if len(self._waiting) == _LINE_RECORDS:
            self._write_line()
        return record_id

    def _write_line(self) -> None:
        if self._waiting:
            first, last = self.sequence - len(self._waiting) + 1, self.sequence
            ts = self._span.at(last).isoformat(timespec="microseconds").replace("+00:00", "Z")
            self._writer.write(first, last, ts, self._waiting)
            self._waiting = []


def _named(path: str, key: str, command: Command) -> IdempotencyKey:
    """Return what the API makes of the key of a POST to ``path``."""
    return make_key(ACTOR, "POST", path, key, fingerprint_of(command))
