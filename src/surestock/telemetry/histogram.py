"""A histogram that costs the hot path one binary search and two additions."""

from bisect import bisect_left
from collections.abc import Iterator


class Histogram:
    """Counts observations by upper bound, the way Prometheus wants them told."""

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, *bounds: float) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return (upper bound, observations up to it), the last for every observation."""
        return list(self._cumulative())

    def _cumulative(self) -> Iterator[tuple[str, float]]:
        running = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            running += count
            yield ("+Inf" if bound == float("inf") else str(bound), running)
