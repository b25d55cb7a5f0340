"""What clients of several members saw, and whether the log explains every bit of it."""

import asyncio
from collections import Counter
from pathlib import Path

from msgspec import Struct

from surestock.engine.log.recovery import decode_line
from surestock.inventory.events import ReservationExpired
from surestock.inventory.model import Level, Reservation
from surestock.journal.scan import Scan
from surestock.kit.errors import Refusal
from surestock.ledger.port import Envelope, Outcome
from surestock.ledger.record import Record
from tests.engine.audit import check_order
from tests.engine.log.shop import folded
from tests.engine.members import Member

SKUS = ("pear", "plum")


class Tally(Struct):
    """How much was tried."""

    commands: int = 0
    accepted: int = 0
    reads: int = 0
    unavailable: int = 0
    cancelled: int = 0
    restarts: int = 0
    upkept: int = 0
    asleep: int = 0
    records: int = 0

    def add(self, other: "Tally") -> None:
        """Count what another one counted."""
        for name in self.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class Seen:
    """Answers, each with how far the log was durable before it was asked for, and after."""

    def __init__(self) -> None:
        self.submitted: set[str] = {"surestock"}
        self._accepted: list[tuple[int, int, Envelope, Outcome]] = []
        self._levels: list[tuple[int, int, Level]] = []
        self._held: list[tuple[int, int, Reservation]] = []
        self._pages: list[tuple[int, int, int, list[Record]]] = []

    def accepted(self, low: int, high: int, envelope: Envelope, outcome: Outcome) -> None:
        """Take note of an accepted command."""
        self._accepted.append((low, high, envelope, outcome))

    def refused(self, low: int, high: int, refusal: Refusal, *, is_new: bool) -> None:
        """Take note of a refusal: the level that it shows was the level at some time between."""
        level = getattr(refusal, "current", None)
        if is_new and isinstance(level, Level):
            self._levels.append((low, high, level))

    def level(self, low: int, high: int, level: Level) -> None:
        """Take note of a level that was read."""
        self._levels.append((low, high, level))

    def reservation(self, low: int, high: int, held: Reservation) -> None:
        """Take note of a reservation that was read."""
        self._held.append((low, high, held))

    def page(self, low: int, high: int, after: int, records: list[Record]) -> None:
        """Take note of a page of the feed."""
        self._pages.append((low, high, after, records))

    def check(self, records: list[Record]) -> None:
        """Explain everything by the log's ``records``."""
        check_order(records)
        self._check_writes(records)
        self._check_levels(records)
        self._check_ends(records)
        for low, high, after, page in self._pages:
            assert page == records[after : after + len(page)], "a page with a gap, or doubles"
            assert min(low, after + 50) <= after + len(page) <= high, "a page of another time"

    def _check_writes(self, records: list[Record]) -> None:
        actors = Counter(it.actor for it in records if it.actor != "surestock")
        assert set(actors) <= self.submitted, "a record of nobody"
        assert all(times == 1 for times in actors.values()), "a command was applied twice"
        digests = Counter(it.idempotency.digest for it in records if it.idempotency is not None)
        assert all(times == 1 for times in digests.values()), "a key was executed twice"
        for low, high, envelope, outcome in self._accepted:
            assert outcome.sequence <= min(high, len(records)), "an answer that is not durable"
            record = records[outcome.sequence - 1]
            if outcome.replayed:
                assert record.idempotency is not None
                assert envelope.idempotency is not None
                assert record.idempotency.digest == envelope.idempotency.digest
            elif envelope.idempotency is None or record.actor == envelope.actor:
                assert record.actor == envelope.actor, "acknowledged, and not in the log"
                assert outcome.sequence > low, "a write before the time it was asked for"

    def _check_levels(self, records: list[Record]) -> None:
        versions = {sku: [0] for sku in SKUS}
        levels: dict[tuple[str, int], Level] = {}
        for record in records:
            for sku in SKUS:
                versions[sku].append(versions[sku][-1])
            for level in record.levels:
                versions[level.sku][-1] = level.version
                levels[level.sku, level.version] = level
        for low, high, seen in self._levels:
            before, after = versions[seen.sku][low], versions[seen.sku][high]
            assert before <= seen.version <= after, f"{seen} between {low} and {high}"
            told = levels[seen.sku, seen.version]
            assert (seen.on_hand, seen.updated_at) == (told.on_hand, told.updated_at)
            assert seen.reserved <= told.reserved

    def _check_ends(self, records: list[Record]) -> None:
        """What was seen to be over was over, and stays so."""
        last = {
            getattr(event, "reservation_id", ""): (record.sequence, event)
            for record in records
            for event in record.events
        }
        for _low, high, held in self._held:
            sequence, event = last[held.reservation_id]
            if held.status != "active" and sequence > high:
                assert isinstance(event, ReservationExpired), f"{held}, and then {event}"
                assert held.status == "expired"


def records_in(root: Path) -> list[Record]:
    """Every record of a log, its archive included."""
    scan = Scan(root / "event-log", root / "archive")
    return [record for place, commit in scan for record in decode_line(place, commit)]


async def check_members(root: Path, members: list[Member]) -> list[Record]:
    """Compare what each member has with what the log says; return the log's records."""
    records = await asyncio.to_thread(records_in, root)
    state = await asyncio.to_thread(folded, root)
    for member in members:
        assert await member.records(0, len(records) + 1) == records
        mine = member._memory.state  # noqa: SLF001 - all of it, at once
        assert mine.levels == state.levels
        assert mine.active() == state.active()
        assert mine.all_documents() == state.all_documents()
        for name, held in mine.reservations.items():
            assert held == state.reservations[name]
        assert member.status().sequence == len(records)
        for record in records:
            if record.idempotency is not None:
                answer = await member.find_answer(record.idempotency)
                assert answer is not None
                assert answer.sequence == record.sequence
    return records
