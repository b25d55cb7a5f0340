"""How far the log is durable, told as a place in its files: for those who read them."""

from surestock.journal.append import LogEnd
from surestock.journal.position import Frontier
from surestock.journal.scan import Place
from surestock.journal.segment import first_of


def frontier_at(sequence: int, place: Place | None, end: LogEnd | None) -> Frontier | None:
    """Return the end of the last durable line, which holds record ``sequence``.

    ``place`` is that line when this process wrote it; else the log ends where it was found to, at
    ``end``. None when nothing is in it.
    """
    if place is not None:
        return Frontier(sequence, first_of(place.segment), place.offset + place.length)
    if end is None or end.segment is None:
        return None
    return Frontier(sequence, first_of(end.segment), end.size)
