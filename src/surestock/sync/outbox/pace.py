"""How much a worker folds at once, and how long it pauses when there is nothing to fold."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

_SHORTEST_S, _LONGEST_S = 0.05, 0.2
_AWAY_S = 1.0
_GROWTH = 1.3


class Chunk:
    """``most`` records are folded in one transaction, which is to take about half a second.

    So others get their turn, and a statement ends within its time, however slow the database is.
    """

    def __init__(self, most: int = 1000, at_least: int = 1, at_most: int = 4000) -> None:
        self._at_least = at_least
        self._at_most = at_most
        self.most = most

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Learn from how long the block takes, and from whether it fails."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            yield
        except BaseException:
            self.most = max(self._at_least, self.most // 4)
            raise
        took_s = loop.time() - begun
        if took_s > 1.0:
            self.most = max(self._at_least, self.most // 2)
        elif took_s < 0.25:  # noqa: PLR2004
            self.most = min(self._at_most, self.most * 2)


class Pause:
    """Short pauses after work, longer ones the longer there is none; long while nobody answers."""

    def __init__(self) -> None:
        self._next_s = _SHORTEST_S

    def reset(self) -> None:
        """Take note that there was something to do."""
        self._next_s = _SHORTEST_S

    def next_s(self, *, is_away: bool) -> float:
        """Return how long to pause now, in seconds; ``is_away``: the database does not answer."""
        longest_s = _AWAY_S if is_away else _LONGEST_S
        now_s = min(self._next_s, longest_s)
        self._next_s = min(longest_s, now_s * _GROWTH)
        return now_s
