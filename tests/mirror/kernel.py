"""Locks between processes, as a kernel has them, for processes that are only played."""

from collections.abc import Awaitable, Callable

from surestock.inventory.unavailable import TurnLost


class Kernel:
    """Who holds what."""

    def __init__(self) -> None:
        self.held: dict[str, KernelLocks] = {}

    def locks(self) -> "KernelLocks":
        """Return the locks of one more process."""
        return KernelLocks(self)


class KernelLocks:
    """The locks of a process: kept while it stands still, let go of when it dies."""

    first_wait_s = 0.005
    longest_wait_s = 0.05
    may_be_lost = False

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.is_dead = False
        self.stands_since: float | None = None
        self.tries = 0

    async def try_lock(self, key: str) -> bool:
        self.tries += 1
        holder = self._kernel.held.get(key)
        if self.is_dead or (holder is not None and not self._has_lost(holder)):
            return False
        self._kernel.held[key] = self
        return True

    def unlock(self, key: str) -> None:
        if not self.is_dead:
            self._free(key)

    async def confirm(self, key: str) -> None:
        """Do nothing, as a kernel: what is held is held."""

    def die(self) -> None:
        """End the process."""
        self.is_dead = True
        for key in [key for key, holder in self._kernel.held.items() if holder is self]:
            del self._kernel.held[key]

    def _has_lost(self, holder: "KernelLocks") -> bool:
        """Tell whether a lock may be taken away from its holder. Never."""
        del holder
        return False

    def _free(self, key: str) -> None:
        if self._kernel.held.get(key) is not self:
            raise RuntimeError(f"{key} was unlocked, but is not locked here")
        del self._kernel.held[key]


class Leases(KernelLocks):
    """Locks that pass on when their holder has stood still for some seconds: what is wrong here."""

    def __init__(self, kernel: Kernel, monotonic: Callable[[], float], ttl_s: float) -> None:
        super().__init__(kernel)
        self._monotonic = monotonic
        self._ttl_s = ttl_s

    def _has_lost(self, holder: KernelLocks) -> bool:
        since = holder.stands_since
        return since is not None and self._monotonic() - since > self._ttl_s

    def _free(self, key: str) -> None:
        if self._kernel.held.get(key) is self:
            del self._kernel.held[key]


class NoLocks(KernelLocks):
    """Every process for itself."""

    async def try_lock(self, key: str) -> bool:
        return not self.is_dead

    def unlock(self, key: str) -> None:
        """Nothing was locked."""


class SessionLocks(KernelLocks):
    """Locks that a database keeps, and takes away when it ends the session of a process.

    Whoever makes sure of one passes ``gate`` on its way.
    """

    may_be_lost = True

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self._lost: set[str] = set()
        self.gate: Callable[[str], Awaitable[None]] = _passes

    def lose(self) -> None:
        """Take all of them away. The process goes on, in a new session."""
        if not self.is_dead:
            for key in [key for key, holder in self._kernel.held.items() if holder is self]:
                del self._kernel.held[key]
                self._lost.add(key)

    def unlock(self, key: str) -> None:
        if key in self._lost:
            self._lost.remove(key)
        else:
            super().unlock(key)

    async def confirm(self, key: str) -> None:
        await self.gate("confirm")
        if key in self._lost:
            raise TurnLost(key)


class TrustingLocks(SessionLocks):
    """Locks of which nobody makes sure: what is wrong here."""

    async def confirm(self, key: str) -> None:
        await self.gate("confirm")


async def _passes(_: str) -> None:
    """Let through."""
