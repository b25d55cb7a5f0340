"""Which reservations are due: one heap over all of them, and an index of the due ones by level.

The timers only point at candidates. Whether a candidate is active, and really due, its reservation
tells in the view that asks: so entries may be added before a reservation is durable, and may
outlive it. Entries that were outlived are swept out when the heap has doubled.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from heapq import heapify, heappop, heappush

from surestock.inventory.model import Reservation, StockKey

_SWEEP_AT_LEAST = 1024


class Timers:
    """Finds due reservations. Adding costs O(log n); asking costs what has become due since.

    ``find`` looks a reservation up in the newest state there is.
    """

    def __init__(self, find: Callable[[str], Reservation | None]) -> None:
        self._find = find
        self._heap: list[tuple[datetime, str]] = []
        self._sweep_above = _SWEEP_AT_LEAST
        self._due: dict[StockKey, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, held: Reservation) -> None:
        """Watch a reservation that expires; again, when its time was changed."""
        if held.expires_at is None or held.status != "active":
            return
        heappush(self._heap, (held.expires_at, held.reservation_id))
        if len(self._heap) > self._sweep_above:
            self._heap = [entry for entry in self._heap if self._stands(entry)]
            heapify(self._heap)
            self._sweep_above = 2 * len(self._heap) + _SWEEP_AT_LEAST

    def add_all(self, reservations: Iterable[Reservation]) -> None:
        """Watch many at once, as after recovery."""
        for held in reservations:
            if held.expires_at is not None and held.status == "active":
                self._heap.append((held.expires_at, held.reservation_id))
        heapify(self._heap)
        self._sweep_above = 2 * len(self._heap) + _SWEEP_AT_LEAST

    def drop(self, held: Reservation) -> None:
        """Forget a reservation that has had its end."""
        if held.expires_at is None:
            return
        for line in held.lines:
            due = self._due.get(line.key)
            if due is not None and due.pop(held.reservation_id, self) is None and not due:
                del self._due[line.key]

    def candidates(self, key: StockKey, now: datetime) -> Iterable[str]:
        """Return ids of reservations on ``key`` whose time was over at ``now`` or before."""
        heap = self._heap
        if heap and heap[0][0] <= now:
            self._advance(now)
        return tuple(self._due.get(key, ())) if self._due else ()

    def due_keys(self, now: datetime) -> list[StockKey]:
        """Return the levels on which something is due."""
        self._advance(now)
        return list(self._due)

    def _advance(self, now: datetime) -> None:
        while self._heap and self._heap[0][0] <= now:
            entry = heappop(self._heap)
            if not self._stands(entry):
                continue
            held = self._find(entry[1])
            for line in held.lines if held is not None else ():
                self._due.setdefault(line.key, {})[entry[1]] = None

    def _stands(self, entry: tuple[datetime, str]) -> bool:
        held = self._find(entry[1])
        return held is not None and held.status == "active" and held.expires_at == entry[0]
