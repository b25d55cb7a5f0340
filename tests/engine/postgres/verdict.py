"""What clients of several machines were told, and whether the records explain every bit of it.

``low`` is the last record that was known to be committed before something was asked, and with what
was read stands the last record that was committed after it was answered.
"""

from collections import Counter
from itertools import pairwise

from msgspec import Struct

from surestock.inventory.model import Level
from surestock.inventory.unavailable import OutcomeUnknown
from surestock.ledger.port import Envelope, Outcome
from surestock.ledger.record import Record

SERVICE = "surestock"


class Told(Struct):
    """An answer to a command; None when its client hung up."""

    envelope: Envelope
    low: int
    answer: Outcome | Exception | None


class Seen:
    """All that clients were told."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.levels: list[tuple[int, int, Level]] = []
        self.pages: list[tuple[int, list[Record]]] = []

    def kinds(self) -> Counter[str]:
        """Count the answers by what they were."""
        return Counter(type(it.answer).__name__ for it in self.told)

    def check(self, records: list[Record], *, one_clock: bool) -> None:
        """Explain all of it by the ``records``, which are all that there are."""
        _check_order(records)
        written = Counter(it.actor for it in records if it.actor != SERVICE)
        assert all(times == 1 for times in written.values()), "a command was carried out twice"
        assert set(written) <= {it.envelope.actor for it in self.told}, "a record of nobody"
        digests = Counter(it.idempotency.digest for it in records if it.idempotency is not None)
        assert all(times == 1 for times in digests.values()), "a key was carried out twice"
        for told in self.told:
            self._check_told(told, records, written)
        self._check_levels(records)
        for after, page in self.pages:
            assert page == records[after : after + len(page)], "a page with a gap, or out of order"
        if one_clock:
            _check_times(records)

    def _check_told(self, told: Told, records: list[Record], written: Counter[str]) -> None:
        """An outcome is there, once; what was declined is not; of the rest nothing is known."""
        actor, answer = told.envelope.actor, told.answer
        if isinstance(answer, Outcome):
            record = records[answer.sequence - 1]
            assert record.reply is None or record.reply == answer.reply
            if record.actor == actor:
                assert answer.sequence > told.low, "a record from before it was asked for"
            else:
                assert actor not in written, "a repeat was carried out itself"
                key = told.envelope.idempotency
                assert answer.replayed
                assert key is not None
                assert record.idempotency is not None
                assert record.idempotency.digest == key.digest
        elif answer is not None and not isinstance(answer, OutcomeUnknown):
            assert actor not in written, f"declined with {answer!r}, and carried out"

    def _check_levels(self, records: list[Record]) -> None:
        versions: dict[tuple[str, str], list[int]] = {}
        levels: dict[tuple[tuple[str, str], int], Level] = {}
        for record in records:
            for level in record.levels:
                versions.setdefault(level.key, []).append(record.sequence)
                levels[level.key, level.version] = level
        for low, high, seen in self.levels:
            at = versions[seen.key]
            assert at[seen.version - 1] <= high, "a level of the future"
            assert len(at) == seen.version or at[seen.version] > low, "a level of the past"
            told = levels[seen.key, seen.version]
            assert (seen.on_hand, seen.updated_at) == (told.on_hand, told.updated_at)
            assert seen.reserved <= told.reserved


def _check_order(records: list[Record]) -> None:
    """Sequences have no gap, ids no double, and the versions of each level neither."""
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert len({record.id for record in records}) == len(records)
    versions: dict[tuple[str, str], list[int]] = {}
    for record in records:
        for level in record.levels:
            versions.setdefault(level.key, []).append(level.version)
    assert all(it == list(range(1, len(it) + 1)) for it in versions.values())


def _check_times(records: list[Record]) -> None:
    """Where all have one clock, what changes a level knows that it comes later."""
    times: dict[tuple[str, str], list[Level]] = {}
    for record in records:
        for level in record.levels:
            times.setdefault(level.key, []).append(level)
    for states in times.values():
        for before, after in pairwise(states):
            assert before.updated_at <= after.updated_at, "decided by the time before its lock"
