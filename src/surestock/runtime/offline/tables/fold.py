"""The audited replay of records, and what each of them adds to the tables that only grow.

The same fold is run over a log and over the database, so that both can be compared. What is too
much to keep is summed up, as 64-bit hashes that differ from process to process: two sums are equal
when the same values were added, in whatever order.
"""

from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import blake2b

from msgspec import Struct, json

from surestock.inventory.model import Reservation, StockKey
from surestock.inventory.view import Changes
from surestock.kit.ids import boot_and_count
from surestock.ledger.record import Record
from surestock.runtime.offline.audit.replay import AuditedReplay, Books
from surestock.runtime.offline.tables.base import Base

encode = json.Encoder().encode


class Gained(Struct):
    """What some records added: versions of levels, ended reservations, answered keys.

    A version is (store id, SKU, version, sequence); an answer is by digest, the first record of it
    and when that was made.
    """

    versions: list[tuple[str, str, int, int]] = []
    ended: list[Reservation] = []
    answers: dict[bytes, tuple[int, datetime]] = {}


class Totals(Struct):
    """What a whole fold added up. ``versions`` are sums by level; ``digest`` is of all records."""

    records: int = 0
    versions: int = 0
    ended: int = 0
    ended_sum: int = 0
    version_sums: dict[StockKey, int] = {}
    live: dict[bytes, int] = {}


class TableReplay(AuditedReplay):
    """A replay that tells what records add. Answers that are older than ``oldest`` are left out.

    ``digest`` is that of every record's JSON so far, in order.
    """

    def __init__(self, ttl: timedelta, oldest: datetime) -> None:
        self.books = Books()
        super().__init__(self.books, ttl)
        self.gained = Gained()
        self.totals = Totals(version_sums=defaultdict(int))
        self._digest = blake2b(digest_size=16)
        self._oldest = oldest
        self._past_ids: dict[str, int] = {}

    @property
    def digest(self) -> str:
        """The digest of every record's JSON so far, in order."""
        return self._digest.hexdigest()

    def begin_at_base(self, base: Base) -> None:
        """Begin with the state that stands for what was deleted."""
        active = [it for it in base.reservations if it.status == "active"]
        self._state.load(base.levels, active, base.documents)
        self.newest_ids = dict(base.ids)
        self.sequence = base.sequence
        for held in base.reservations:
            if held.status != "active":
                self._end(held)

    def saw(self, body: bytes) -> None:
        """Take account of a record's JSON."""
        self._digest.update(body)
        self._digest.update(b"\n")
        self.totals.records += 1

    def past(self, record: Record) -> bool:
        """Take account of a record from before the base, unless it came before; tell whether.

        Nothing proves what it did. Raises ``ValueError`` for an id that nobody made.
        """
        boot, count = boot_and_count(record.id)
        if count <= self._past_ids.get(boot, 0):
            return False
        self._past_ids[boot] = count
        self._remember(record)
        return True

    def rest(self) -> Gained:
        """Return what was gained since this was asked last, and let go of what has ended."""
        gained, self.gained = self.gained, Gained()
        self.records.clear()
        self._ended.forget_through(self.sequence)
        return gained

    def _remember(self, record: Record) -> None:
        """Take account of the versions and the key of a record, which are in it."""
        totals, gained = self.totals, self.gained
        for level in record.levels:
            gained.versions.append((level.store_id, level.sku, level.version, record.sequence))
            totals.version_sums[level.key] += hash((level.version, record.sequence))
        totals.versions += len(record.levels)
        key = record.idempotency
        if key is None or record.ts <= self._oldest:
            return
        for digest in (key.digest, key.batch):
            if digest is not None:
                raw = bytes.fromhex(digest)
                totals.live.setdefault(raw, record.sequence)
                gained.answers.setdefault(raw, (record.sequence, record.ts))

    def _take(self, record: Record, changes: Changes) -> None:
        super()._take(record, changes)
        self._remember(record)
        for held in changes.reservations.values():
            if held.status != "active":
                self._end(held)

    def _end(self, held: Reservation) -> None:
        self.gained.ended.append(held)
        self.totals.ended += 1
        self.totals.ended_sum += hash(encode(held))
