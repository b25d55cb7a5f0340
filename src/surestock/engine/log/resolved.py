"""Reservations that have had their end and are still in memory, by the segment that ended them.

They leave when an index on disk has that segment: then the log tells what became of them.
"""

from collections import deque
from collections.abc import Iterable

from surestock.engine.state import State
from surestock.inventory.model import Reservation


class Resolved:
    """Watches which reservations of a state may leave it, and when."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._generations: deque[tuple[int, list[str]]] = deque()
        self._cut = True

    def add(self, sequence: int, reservations: Iterable[Reservation]) -> None:
        """Watch those of ``reservations``, as record ``sequence`` left them, that have ended."""
        for held in reservations:
            if held.status != "active":
                if self._cut:
                    self._generations.append((sequence, []))
                    self._cut = False
                self._generations[-1][1].append(held.reservation_id)

    def cut(self) -> None:
        """Begin a new generation with the next end, as when a segment of the log begins."""
        self._cut = True

    def forget_through(self, sequence: int) -> None:
        """Let go of what ended up to ``sequence``, which is the last record of a segment."""
        while self._generations and self._generations[0][0] <= sequence:
            self._state.forget(self._generations.popleft()[1])
        self._cut = self._cut or not self._generations
