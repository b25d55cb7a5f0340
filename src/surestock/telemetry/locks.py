"""What happens to leases between processes, counted."""


class LockMetrics:
    """The counters of one process's leases. Its event loop alone counts them."""

    __slots__ = (
        "acquired",
        "contended",
        "expired",
        "fallbacks",
        "followed_records",
        "lost",
        "release_failures",
        "stolen",
        "turns",
    )

    def __init__(self) -> None:
        self.acquired = 0
        """Leases that were taken; those that were shared within the process don't count."""
        self.contended = 0
        """Leases that another process had."""
        self.stolen = 0
        """Leases that were taken over from another process after their time."""
        self.expired = 0
        """Leases of this process that ran out before they were released or renewed."""
        self.lost = 0
        """Leases of this process that another one took over."""
        self.release_failures = 0
        """Leases that could not be released: they run out by themselves."""
        self.fallbacks = 0
        """Changes that went without a lease, because the lock directory could not be used."""
        self.turns = 0
        """How often this process had the writer lock."""
        self.followed_records = 0
        """Records that other processes committed, and this one took over."""
