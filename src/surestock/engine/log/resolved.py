"""Reservations that have had their end and are still in memory, by the segment that ended them.

They leave when an index on disk has that segment: then the log tells what became of them.
"""

from collections import deque
from collections.abc import Iterable

from surestock.engine.state import State
from surestock.inventory.model import Reservation

_MOST_GENERATIONS = 32


class Resolved:
    """Watches which reservations of a state may leave it, and when."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._generations: deque[tuple[int, list[str]]] = deque()
        self._cut_at: int | None = 0
        self._last = 0

    def add(self, sequence: int, reservations: Iterable[Reservation]) -> None:
        """Watch those of ``reservations``, as record ``sequence`` left them, that have ended."""
        for held in reservations:
            if held.status != "active":
                if self._cut_at is not None:
                    self._generations.append((max(self._cut_at, self._last + 1), []))
                    self._cut_at = None
                self._last = sequence
                self._generations[-1][1].append(held.reservation_id)

    def cut(self, sequence: int) -> None:
        """Begin a new generation with record ``sequence``, as when a segment of the log begins."""
        if len(self._generations) < _MOST_GENERATIONS:
            self._cut_at = sequence

    def forget_through(self, sequence: int) -> None:
        """Let go of the generations in which nothing ended after ``sequence``."""
        generations = self._generations
        while generations:
            end = generations[1][0] - 1 if len(generations) > 1 else self._last
            if end > sequence:
                break
            self._state.forget(generations.popleft()[1])
        if not generations and self._cut_at is None:
            self._cut_at = sequence + 1
