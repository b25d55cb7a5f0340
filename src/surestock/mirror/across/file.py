"""A user's turn on one machine: a lock of the kernel. See ADR 0021."""

from surestock.locking import ByteLocks


class FileTurns:
    """Turns over the processes that have the file of ``locks`` open. Raises ``OSError``.

    They cannot be lost, so nothing is asked to confirm one.
    """

    first_wait_s = 0.005
    longest_wait_s = 0.05
    may_be_lost = False

    def __init__(self, locks: ByteLocks) -> None:
        self._locks = locks

    async def try_lock(self, key: str) -> bool:
        """Take ``key`` unless it is taken. Never waits."""
        return self._locks.try_lock(key)

    def unlock(self, key: str) -> None:
        """Give ``key`` back."""
        self._locks.unlock(key)

    async def confirm(self, key: str) -> None:
        """Do nothing: it is held."""
