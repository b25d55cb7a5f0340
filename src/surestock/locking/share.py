"""A lease that commands of one process share, what is done about it, and what a command has of it.

Commands of one process do not refuse each other: their mutex orders them. So the first one takes
the lease for all, and the last one gives it back.
"""

from asyncio import Event
from enum import Enum, auto

from surestock.locking.lease import Lease


class Verb(Enum):
    """What the thread is asked to do with a share's lease, or with the directory."""

    ACQUIRE = auto()
    RENEW = auto()
    RELEASE = auto()
    PROBE = auto()


class Share:
    """One lease and how many commands use it. Once it is over, a new one takes its place.

    The event loop has ``users``, ``lease`` and ``why_none``; the thread that works on files has
    ``on_disk`` and ``ran_out``, which are ahead of them by what is on its way back.
    """

    __slots__ = (
        "about",
        "key",
        "lease",
        "on_disk",
        "ran_out",
        "renewal",
        "taken",
        "users",
        "why_none",
    )

    def __init__(self, key: str, about: str) -> None:
        self.key = key
        self.about = about
        self.users = 0
        self.taken = Job(Verb.ACQUIRE, self)
        self.renewal: Job | None = None
        self.lease: Lease | None = None
        self.why_none: BaseException | None = None
        """Why there is no lease, or no more: it is held, it was lost, the directory fails."""
        self.on_disk: Lease | None = None
        self.ran_out = False
        """Whether the time of ``on_disk`` was found to be over."""


class Job:
    """One verb for the thread. ``done`` is set once the event loop knows how it ended."""

    __slots__ = ("done", "error", "found_over", "lease", "share", "verb")

    def __init__(self, verb: Verb, share: Share | None = None) -> None:
        self.verb = verb
        self.share = share
        self.lease: Lease | None = None
        self.error: BaseException | None = None
        self.found_over = False
        """Whether the lease's time was over, and nobody knew of it yet."""
        self.done = Event()


class Grip:
    """What one command has of the leases it asked for, until it is released.

    ``bare``: nothing, because the lease directory fails. The command goes on all the same.
    """

    __slots__ = ("bare", "shares")

    def __init__(self, shares: list[Share], *, bare: bool) -> None:
        self.shares = shares
        self.bare = bare
