"""Which keys were answered, and by which record: digest -> sequence, for the whole TTL.

The answer itself stays in the log. Entries are kept in generations, a few to each TTL, and a
generation is dropped whole once its youngest entry is over the TTL, or once an index on disk has
all of it: forgetting costs nothing an entry. Whether an entry that is found is really within the
TTL, its record tells.
"""

from collections import deque
from datetime import UTC, datetime, timedelta

from msgspec import Struct

_GENERATIONS = 8
_MOST_GENERATIONS = 32
_NOW = datetime.min.replace(tzinfo=UTC)


class _Generation(Struct):
    """Entries of a stretch of time: made since ``at``, by records from ``first`` on."""

    at: datetime
    first: int
    entries: dict[bytes, int]


class KeyIndex:
    """Finds the record that answered a key. Memory is bounded by the keys of one TTL."""

    def __init__(self, ttl: timedelta) -> None:
        self._ttl = ttl
        self._span = ttl / _GENERATIONS
        self._generations: deque[_Generation] = deque()
        self._youngest: dict[bytes, int] = {}
        self._until = _NOW
        self._last = 0
        self._cut_at = 0

    def __len__(self) -> int:
        return sum(len(it.entries) for it in self._generations)

    def add(self, digest: str, sequence: int, at: datetime) -> None:
        """Remember that record ``sequence``, made at ``at``, answered ``digest``.

        The first record of a digest stands until it is forgotten: a batch key is answered by many.
        """
        if at >= self._until:
            self._youngest = {}
            self._until = at + self._span
            first = max(self._cut_at, self._last + 1)
            self._generations.append(_Generation(at, first, self._youngest))
            self._forget(at)
        self._last = sequence
        self._youngest.setdefault(bytes.fromhex(digest), sequence)

    def find(self, digest: str) -> int | None:
        """Return the sequence of the record that answered ``digest``, or None."""
        raw = bytes.fromhex(digest)
        for generation in reversed(self._generations):
            sequence = generation.entries.get(raw)
            if sequence is not None:
                return sequence
        return None

    def forget(self, digest: str, sequence: int) -> None:
        """Forget that record ``sequence`` answered ``digest``: its TTL is over."""
        raw = bytes.fromhex(digest)
        for generation in self._generations:
            if generation.entries.get(raw) == sequence:
                del generation.entries[raw]

    def cut(self, sequence: int) -> None:
        """Begin a new generation with record ``sequence``, as when a segment of the log begins.

        There are at most so many, since a lookup asks all of them: when nobody lets go of them for
        long, the last one grows instead.
        """
        if len(self._generations) < _MOST_GENERATIONS:
            self._until = _NOW
            self._cut_at = sequence

    def forget_through(self, sequence: int) -> None:
        """Let go of the generations that hold nothing above ``sequence``."""
        generations = self._generations
        while generations:
            end = generations[1].first - 1 if len(generations) > 1 else self._last
            if end > sequence:
                break
            generations.popleft()
        if not generations:
            self._until = _NOW

    def is_live(self, at: datetime, now: datetime) -> bool:
        """Tell whether an answer that was given at ``at`` is still within the TTL."""
        return now - at < self._ttl

    def _forget(self, now: datetime) -> None:
        while len(self._generations) > 1 and now - self._generations[1].at >= self._ttl:
            self._generations.popleft()


class NoKeys(KeyIndex):
    """A key index to replay into that remembers nothing: for a state without its keys."""

    def __init__(self) -> None:
        super().__init__(timedelta.max)

    def add(self, digest: str, sequence: int, at: datetime) -> None:
        """Do nothing."""
