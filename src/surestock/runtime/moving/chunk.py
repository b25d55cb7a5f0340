"""Some lines of a log, as rows."""

from datetime import datetime

from msgspec import Struct

from surestock.inventory.model import Reservation
from surestock.runtime.offline.tables.fold import Gained, encode


class Chunk(Struct):
    """The records up to ``last``, whose line has checksum ``crc``, and what they add.

    ``records`` are rows of (sequence, id, JSON). ``read_bytes`` counts from the log's beginning.
    """

    last: int
    crc: str
    records: list[tuple[int, str, str]]
    gained: Gained
    read_bytes: int

    def ended(self) -> list[tuple[str, str]]:
        """Return the rows of the reservations that have had their end."""
        return [reservation_row(held) for held in self.gained.ended]

    def answers(self) -> tuple[list[bytes], list[int], list[datetime]]:
        """Return the columns of the answers: digest, sequence, time."""
        found = self.gained.answers
        return list(found), [it[0] for it in found.values()], [it[1] for it in found.values()]


def reservation_row(held: Reservation) -> tuple[str, str]:
    """Return the row of a reservation."""
    return held.reservation_id, encode(held).decode()
