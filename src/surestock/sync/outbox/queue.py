"""Changes that wait behind a letter, in a table: only the first of them are in memory, or none."""

from collections.abc import Iterable

from surestock.sync.changes import Position
from surestock.sync.parking import Parked


class KeptQueue(Parked):
    """``first`` are at hand, ``others`` wait behind them in the table, new ones behind those.

    ``taken`` is the last one that was taken, or None.
    """

    def __init__(self, first: Iterable[Position], others: int) -> None:
        super().__init__()
        for position in first:
            super().add(*position)
        self._others = others
        self._new: list[Position] = []
        self.taken: Position | None = None

    def __len__(self) -> int:
        """Return how many wait."""
        return self.at_hand + self._others + len(self._new)

    @property
    def at_hand(self) -> int:
        """How many of them may be taken now."""
        return super().__len__()

    def new(self) -> list[Position]:
        """Return those that are not in the table yet, in order."""
        return self._new

    def add(self, sequence: int, index: int) -> None:
        """Let a change wait behind the others."""
        self._new.append((sequence, index))

    def take(self) -> Position:
        """Return the first one, which waits no more. There must be one at hand."""
        self.taken = super().take()
        return self.taken
