"""What a crowd of clients is told to do, and what it reports."""

import msgspec


class Group(msgspec.Struct, frozen=True):
    """``clients`` that all do the same, from ``address``.

    ``kind`` is reserve, adjust, or commit: that one reserves, and commits what it has reserved.
    Each rests for ``rest_s`` after it was served.
    """

    kind: str
    clients: int
    address: str = "127.0.0.1"
    rest_s: float = 0.0


class Order(msgspec.Struct, frozen=True):
    """What to do. ``keyed_percent`` of the requests carry an Idempotency-Key, and keep it.

    ``acknowledged`` is the file for what was acknowledged.
    """

    port: int
    run: str
    groups: list[Group]
    seconds: float
    acknowledged: str
    polite: bool = False
    skus: int = 500
    keyed_percent: int = 25


class Spread(msgspec.Struct):
    """How long something took, in milliseconds."""

    p50: float = 0.0
    p99: float = 0.0
    max: float = 0.0
    mean: float = 0.0


class Report(msgspec.Struct):
    """What came back while it was measured.

    ``answers`` counts by kind and status, ``by_address`` by address and status; ``faults`` are
    answers that nobody may get, and lost connections. ``acknowledged``,
    ``turned_away`` and ``longest_s`` (the longest time after which somebody was served) are of all
    of the run, also of what was before and after.
    """

    seconds: float
    answers: dict[str, dict[int, int]]
    by_address: dict[str, dict[int, int]]
    accepted: Spread
    accepted_by_kind: dict[str, Spread]
    refused: Spread
    retry_after: dict[int, int]
    faults: list[str]
    fault_count: int
    unanswered: int
    acknowledged: int
    turned_away: int
    longest_s: float
    cpu_s: float


def spread_of(seconds: list[float]) -> Spread:
    """Return how these are spread."""
    if not seconds:
        return Spread()
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 2)

    mean = round(sum(ordered) / len(ordered) * 1000, 2)
    return Spread(p50=at(0.5), p99=at(0.99), max=at(1.0), mean=mean)
