"""Which keys were answered, and by which record: digest -> sequence, for the whole TTL.

The answer itself stays in the log. Entries are kept in generations, a few to each TTL, and a
generation is dropped whole once its youngest entry is over the TTL: forgetting costs nothing an
entry. Whether an entry that is found is really within the TTL, its record tells.
"""

from collections import deque
from datetime import UTC, datetime, timedelta

_GENERATIONS = 8


class KeyIndex:
    """Finds the record that answered a key. Memory is bounded by the keys of one TTL."""

    def __init__(self, ttl: timedelta) -> None:
        self._ttl = ttl
        self._span = ttl / _GENERATIONS
        self._generations: deque[tuple[datetime, dict[bytes, int]]] = deque()
        self._youngest: dict[bytes, int] = {}
        self._until = datetime.min.replace(tzinfo=UTC)

    def __len__(self) -> int:
        return sum(len(entries) for _, entries in self._generations)

    def add(self, digest: str, sequence: int, at: datetime) -> None:
        """Remember that record ``sequence``, made at ``at``, answered ``digest``.

        The first record of a digest stands until it is forgotten: a batch key is answered by many.
        """
        if at >= self._until:
            self._youngest = {}
            self._until = at + self._span
            self._generations.append((at, self._youngest))
            self._forget(at)
        self._youngest.setdefault(bytes.fromhex(digest), sequence)

    def find(self, digest: str) -> int | None:
        """Return the sequence of the record that answered ``digest``, or None."""
        raw = bytes.fromhex(digest)
        for _, entries in reversed(self._generations):
            sequence = entries.get(raw)
            if sequence is not None:
                return sequence
        return None

    def forget(self, digest: str, sequence: int) -> None:
        """Forget that record ``sequence`` answered ``digest``: its TTL is over."""
        raw = bytes.fromhex(digest)
        for _, entries in self._generations:
            if entries.get(raw) == sequence:
                del entries[raw]

    def is_live(self, at: datetime, now: datetime) -> bool:
        """Tell whether an answer that was given at ``at`` is still within the TTL."""
        return now - at < self._ttl

    def _forget(self, now: datetime) -> None:
        while len(self._generations) > 1 and now - self._generations[1][0] >= self._ttl:
            self._generations.popleft()
