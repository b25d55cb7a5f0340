"""Why a lease is not ours. A lease directory that fails raises ``OSError``."""

import errno

from surestock.kit.errors import SurestockError


class LeaseHeld(SurestockError):
    """Another owner has the lease on ``key``: ``holder``, who wrote ``about`` into it."""

    def __init__(self, key: str, holder: str, about: str) -> None:
        super().__init__(f"The lease on {key!r} is held by {holder}.")
        self.key = key
        self.holder = holder
        self.about = about


class LeaseLost(SurestockError):
    """The lease on ``key`` is ours no more: it was taken over after its time, or removed."""

    def __init__(self, key: str) -> None:
        super().__init__(f"The lease on {key!r} was lost.")
        self.key = key


class GuardBusy(OSError):
    """A process has had a guard for longer than its work takes. It may have been stopped."""

    def __init__(self, name: str) -> None:
        super().__init__(errno.EBUSY, "another process does not let go of it", name)
