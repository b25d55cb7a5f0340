"""Changes that wait behind one that failed: where they stand in the log, and no more.

A busy SKU may collect millions before somebody looks: 16 bytes each, and the log keeps the rest.
"""

from array import array

from surestock.sync.changes import Position

_FORGET_FROM = 4096


class Parked:
    """A queue of positions, in the order of the log."""

    def __init__(self) -> None:
        self._numbers = array("Q")
        self._taken = 0

    def __len__(self) -> int:
        """Return how many wait."""
        return (len(self._numbers) - self._taken) // 2

    @property
    def at_hand(self) -> int:
        """How many of them may be taken now."""
        return len(self)

    def first(self) -> list[Position]:
        """Return those that may be taken now, in order."""
        left = iter(self._numbers[self._taken :])
        return list(zip(left, left, strict=True))

    def new(self) -> list[Position]:
        """Return those that wait since this queue was made, in order."""
        return self.first()

    def add(self, sequence: int, index: int) -> None:
        """Let a change wait behind the others."""
        self._numbers.append(sequence)
        self._numbers.append(index)

    def take(self) -> Position:
        """Return the one that waited longest, which waits no more. There must be one."""
        start = self._taken
        position = (self._numbers[start], self._numbers[start + 1])
        self._taken += 2
        if self._taken >= _FORGET_FROM and self._taken * 2 >= len(self._numbers):
            del self._numbers[: self._taken]
            self._taken = 0
        return position
