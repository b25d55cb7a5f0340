"""What happens between the engine and its database, counted."""

REASONS = ("conflict", "lock", "lost")
"""Why a transaction is tried again: it met another one, waited too long for one, or was cut off."""


class DatabaseMetrics:
    """The counters of one process's connections. Its event loop alone counts them."""

    __slots__ = ("connections", "retries")

    def __init__(self) -> None:
        self.connections = 0
        """Connections of the engine that were opened so far."""
        self.retries = dict.fromkeys(REASONS, 0)
        """Transactions that were tried again, by why."""
