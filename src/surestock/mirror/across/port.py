"""What a lock between processes has to be for a user's turn to hang on it."""

from typing import Protocol


class Across(Protocol):
    """Locks between processes, by key. They end with their holder's process, never by time."""

    @property
    def first_wait_s(self) -> float:
        """After how many seconds whoever waits asks once more; then at growing distances."""
        ...

    @property
    def longest_wait_s(self) -> float:
        """How far these may grow."""
        ...

    @property
    def may_be_lost(self) -> bool:
        """Whether one may end before its holder does, who has to ask before what counts, then."""
        ...

    async def try_lock(self, key: str) -> bool:
        """Take ``key`` and return True, or return False when it is taken.

        Does not wait for its holder. Cancelled, or when it raises, it leaves nothing taken.
        """
        ...

    def unlock(self, key: str) -> None:
        """Give ``key`` back, be it lost or not. Waits for nobody."""
        ...

    async def confirm(self, key: str) -> None:
        """Raise :class:`TurnLost` unless ``key`` is surely held at a moment during the call."""
        ...
