"""Finds a command that was carried out twice: two records under one idempotency key."""

from array import array
from datetime import timedelta

from surestock.idempotency import KeyIndex
from surestock.inventory.record import Record


class Repeats:
    """Looks at every record, in order, before the replay adds its key to ``keys``.

    A key may be used again once ``ttl`` is over.
    """

    def __init__(self, keys: KeyIndex, ttl: timedelta) -> None:
        self._keys = keys
        self._ttl_s = ttl.total_seconds()
        # When each record was made, by its sequence less 1: eight bytes a record.
        self._made_at = array("d")

    def earlier(self, record: Record) -> int | None:
        """Return the sequence of an earlier record under the same key within the TTL, or None."""
        key = record.idempotency
        if key is None:
            self._made_at.append(0.0)
            return None
        now = record.ts.timestamp()
        self._made_at.append(now)
        earlier = self._keys.find(key.digest)
        if earlier is None or now - self._made_at[earlier - 1] >= self._ttl_s:
            return None
        return earlier
