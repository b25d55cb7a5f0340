"""How many connections each API process has, in a page of memory that all of them see.

Each writes its own number only, and reads the others' without a lock: a number that is a moment old
costs a connection that goes to the second best.
"""

import mmap
import os
from typing import Self

_NOBODY = 2**62
_NUMBER_BYTES = 8


class Board:
    """The numbers of ``slots`` processes, in the file ``descriptor``, which is inherited."""

    def __init__(self, descriptor: int, slots: int) -> None:
        self.descriptor = descriptor
        self._memory = mmap.mmap(descriptor, slots * _NUMBER_BYTES)
        self._connections = memoryview(self._memory).cast("q")

    @classmethod
    def make(cls, slots: int) -> Self:
        """Return a board that nobody is on yet."""
        descriptor = os.memfd_create("surestock-connections")
        os.truncate(descriptor, slots * _NUMBER_BYTES)
        board = cls(descriptor, slots)
        for slot in range(slots):
            board.leave(slot)
        return board

    def tell(self, slot: int, connections: int) -> None:
        """Let the others know how many connections the process of ``slot`` has."""
        self._connections[slot] = connections

    def leave(self, slot: int) -> None:
        """Take the process of ``slot`` off the board: nobody waits for it to take a connection."""
        self._connections[slot] = _NOBODY

    def has_fewest(self, slot: int) -> bool:
        """Tell whether nobody has fewer connections."""
        return self._connections[slot] <= min(self._connections)

    def close(self) -> None:
        """Let go of the memory. The others keep it."""
        self._connections.release()
        self._memory.close()
        os.close(self.descriptor)
