"""What a snapshot holds, and how its lines are written."""

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from surestock.inventory.model import Level, Reservation
from surestock.kit.errors import SurestockError
from surestock.ledger.document import AnyDocument

FORMAT = "surestock-snapshot/2"
READABLE = ("surestock-snapshot/1", FORMAT)
PART = 2000
"""How many values stand on a line, at most."""


class SnapshotDamaged(SurestockError):
    """A snapshot is not what was once written. ``why`` is for people."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"The snapshot {path.name} is damaged: {why}.")
        self.path = path
        self.why = why


class SnapshotHead(Struct, frozen=True):
    """What a snapshot says of itself.

    ``sequence`` and ``ts`` are those of the last record in it, ``log`` is the crc of that record's
    line, ``ids`` is the newest id's number by boot.
    """

    sequence: int
    log: str
    ts: datetime
    ids: dict[str, int]


class Snapshot(Struct, frozen=True):
    """A snapshot in memory: its levels sorted by store and SKU, its active reservations by id.

    ``documents`` are sorted by key.
    """

    head: SnapshotHead
    levels: list[Level]
    reservations: list[Reservation]
    documents: list[AnyDocument] = []

    @property
    def sequence(self) -> int:
        """The last record that is in it."""
        return self.head.sequence

    @property
    def crc(self) -> str:
        """The crc of the log's line that ends with ``sequence``."""
        return self.head.log


class HeadLine(SnapshotHead, frozen=True):
    """The first line."""

    crc: str
    prev: str
    format: str


class Counts(Struct, frozen=True):
    """How many values a whole snapshot holds."""

    levels: int
    reservations: int
    documents: int = 0


class PartLine(Struct, frozen=True):
    """Any other line: some levels, reservations or documents, or the end."""

    crc: str
    prev: str
    levels: list[Level] = []
    reservations: list[Reservation] = []
    documents: list[AnyDocument] = []
    end: Counts | None = None
