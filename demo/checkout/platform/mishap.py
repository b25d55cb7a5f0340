"""What happens to requests to pay: of one in twelve nobody hears in time what became of it."""

from collections.abc import Iterator
from random import Random
from typing import Final, Literal

Fate = Literal["answered", "cut", "slow", "late"]
"""``cut``: carried out, and the answer is lost; ``slow``: carried out, and the answer comes when
nobody waits for it any more; ``late``: the platform hears of it only then, and still does it.
"""

SHARES: Final[dict[Fate, float]] = {"cut": 0.04, "slow": 0.02, "late": 0.02}
TIMEOUT_S: Final = 5.0
DELAY_S: Final = 7.0
"""Longer than the service waits for an answer."""
SETTLES_S: Final = 30.0
"""What the platform is trusted to need at the most, so longer than the delay."""


def fates(seed: int) -> Iterator[Fate]:
    """Yield the fate of one payment after the other."""
    draw = Random(f"fates {seed}")
    names, shares = (*SHARES, "answered"), (*SHARES.values(), 1 - sum(SHARES.values()))
    while True:
        yield draw.choices(names, shares)[0]
