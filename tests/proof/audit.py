"""The verdict: what the service says has happened, against what its clients know.

Everything is read over HTTP and folded by code of the proof's own, so that an error in the
service's fold shows as a difference, and does not explain itself away.
"""

from dataclasses import dataclass, field
from typing import Any

from tests.proof.books import Books
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger, StockKey
from tests.proof.workload import STORES, end_marker

_PAGE = 1000
_ENDS = {"ReservationCommitted", "ReservationReleased", "ReservationExpired"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Figures of one audit; ``faults`` holds a sentence for each thing that is wrong."""

    acknowledged: int
    recorded: int
    lost: int
    doubles: int
    phantoms: int
    faults: list[str]

    def __str__(self) -> str:
        """Return the figures as a clause."""
        return (
            f"acknowledged {self.acknowledged:,}, lost {self.lost}, "
            f"doubles {self.doubles}, phantoms {self.phantoms}"
        )

    def require_clean(self) -> None:
        """Raise ``AssertionError`` that names the first faults, if there is any."""
        if self.faults or self.lost or self.doubles or self.phantoms:
            listed = "\n".join(self.faults[:10])
            raise AssertionError(f"{self}; {len(self.faults)} faults:\n{listed}")


@dataclass(slots=True)
class Audit:
    """Reads the event feed on and on, over restarts; says at any time how things stand.

    ``sequence_of`` tells which record holds a marker.
    """

    books: Books = field(default_factory=Books)
    last_sequence: int = 0
    last_id: str = ""
    sequence_of: dict[str, int] = field(default_factory=dict)
    doubles: list[str] = field(default_factory=list)

    async def judge(self, port: int, ledger: Ledger) -> Verdict:
        """Read what is new, then compare the events, the served levels and the ledger."""
        async with Connection(port) as connection:
            await self._read(connection)
            served = await _served_levels(connection)
        operations = ledger.operations.values()
        lost = [
            f"{each.marker} was acknowledged as {each.sequence} and is not there"
            for each in operations
            if each.is_acknowledged and self.sequence_of.get(each.marker) != each.sequence
        ]
        phantoms = [
            f"{marker} was never sent" for marker in self.sequence_of.keys() - ledger.operations
        ]
        refused = [
            f"{each.marker} was refused and is recorded"
            for each in operations
            if each.is_refused and each.marker in self.sequence_of
        ]
        differing = self._differing(served, ledger)
        return Verdict(
            acknowledged=ledger.acknowledged,
            recorded=self.last_sequence,
            lost=len(lost),
            doubles=len(self.doubles),
            phantoms=len(phantoms),
            faults=[*lost, *phantoms, *self.doubles, *refused, *self.books.faults, *differing],
        )

    async def _read(self, connection: Connection) -> None:
        if self.last_sequence and not await self._stands(connection):
            self._forget()
        while True:
            page = await connection.get(f"/events?after={self.last_sequence}&limit={_PAGE}")
            for record in page["items"]:
                self._enter(record)
            if not page["items"]:
                return

    async def _stands(self, connection: Connection) -> bool:
        """Tell whether the last record that was read is still where it was."""
        page = await connection.get(f"/events?after={self.last_sequence - 1}&limit=1")
        return [record["id"] for record in page["items"]] == [self.last_id]

    def _forget(self) -> None:
        """Begin again: the log is not a continuation of what was read before."""
        self.books, self.last_sequence, self.last_id = Books(), 0, ""
        self.sequence_of, self.doubles = {}, []

    def _enter(self, record: dict[str, Any]) -> None:
        sequence: int = record["sequence"]
        if sequence != self.last_sequence + 1:
            self.books.faults.append(f"sequence {sequence} follows {self.last_sequence}")
        self.last_sequence, self.last_id = sequence, record["id"]
        self.books.fold(record)
        for event in record["events"]:
            marker = _marker(event)
            if marker in self.sequence_of:
                self.doubles.append(f"{marker} is in {self.sequence_of[marker]} and {sequence}")
            self.sequence_of[marker] = sequence

    def _differing(self, served: dict[StockKey, tuple[int, int, int]], ledger: Ledger) -> list[str]:
        """Compare the served levels with the fold and, once all is settled, with the ledger."""
        folded = {key: book.numbers() for key, book in self.books.levels.items()}
        summed = {} if ledger.unanswered() else ledger.expected_levels()
        return [
            f"{key} is served as {served.get(key)} and folded as {folded.get(key)}"
            for key in served.keys() | folded.keys()
            if served.get(key) != folded.get(key)
        ] + [
            f"{key} is served as {served.get(key)}, and {numbers} was acknowledged"
            for key, numbers in summed.items()
            if served.get(key, ())[:2] != numbers
        ]


def _marker(event: dict[str, Any]) -> str:
    if event["type"] in _ENDS:
        return end_marker(event["reservationId"])
    return str(event.get("reference") or event.get("reason") or event)


async def _served_levels(connection: Connection) -> dict[StockKey, tuple[int, int, int]]:
    served = {}
    for store in STORES:
        page = await connection.get(f"/stores/{store}/inventory?limit=1000")
        for level in page["items"]:
            numbers = level["onHand"], level["reserved"], level["version"]
            served[store, str(level["sku"])] = numbers
    return served
