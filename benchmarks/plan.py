"""How much is measured: the full plan, and the short one that only shows that all of it runs."""

from dataclasses import dataclass
from typing import Final

ON_HAND: Final = 1_000_000_000
"""Units on hand of every SKU: no reserve is ever refused for want of stock."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one run; ``seconds`` is the length of one round of one contender."""

    name: str
    rounds: int
    seconds: int
    warmup_seconds: int
    scale_skus: tuple[int, ...]
    log_lengths: tuple[int, ...]
    memory_skus: int
    memory_reservations: int
    snapshot_skus: int
    snapshot_events: int
    fold_skus: tuple[int, int]
    fold_events: int
    keys: int
    lookups: int
    half_connections: int = 4
    """With which the server is about half busy."""
    connections: int = 64
    threads: int = 1
    skus: int = 10_000
    batch_rows: int = 100
    cart_users: int = 512
    cart_skus: int = 4
    reads: int = 95
    """Percent of the requests of a mix."""


FULL: Final = Plan(
    name="full",
    rounds=5,
    seconds=6,
    warmup_seconds=2,
    scale_skus=(1_000, 100_000, 1_000_000),
    log_lengths=(10_000, 100_000, 1_000_000),
    memory_skus=1_000_000,
    memory_reservations=1_000_000,
    snapshot_skus=1_000_000,
    snapshot_events=500_000,
    fold_skus=(1_000, 1_000_000),
    fold_events=20_000,
    keys=10_000_000,
    lookups=5_000,
)

QUICK: Final = Plan(
    name="quick",
    rounds=2,
    seconds=2,
    warmup_seconds=1,
    scale_skus=(1_000, 20_000),
    log_lengths=(1_000, 20_000),
    memory_skus=20_000,
    memory_reservations=20_000,
    snapshot_skus=20_000,
    snapshot_events=10_000,
    fold_skus=(1_000, 20_000),
    fold_events=2_000,
    keys=200_000,
    lookups=500,
)
