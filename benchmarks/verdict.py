"""One claim that a run is judged by."""

from collections.abc import Sequence
from statistics import median

import msgspec


class Verdict(msgspec.Struct, frozen=True):
    """One claim: its bound, what was measured (None: not in this run), and the rounds' spread."""

    claim: str
    at_least: bool
    bound: float
    unit: str = ""
    value: float | None = None
    spread: tuple[float, float] | None = None

    @property
    def outcome(self) -> str:
        """``met``, ``not met``, or ``not measured``."""
        if self.value is None:
            return "not measured"
        held = self.value >= self.bound if self.at_least else self.value <= self.bound
        return "met" if held else "not met"


def over_rounds(
    claim: str, values: Sequence[float], bound: float, unit: str = "×", *, at_least: bool = False
) -> Verdict:
    """Judge a claim by the median of one value for each round; there may be none."""
    if not values:
        return Verdict(claim, at_least, bound)
    return Verdict(claim, at_least, bound, unit, median(values), (min(values), max(values)))
