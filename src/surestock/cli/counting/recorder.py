"""Where counts are recorded, as the import sees it."""

from collections.abc import Sequence
from typing import Protocol, TypeAlias

from surestock.inventory.commands import CountStock

Numbered: TypeAlias = tuple[int, CountStock]
"""A count and the line that it stands on."""


class Recorder(Protocol):
    """Records the counts of one file."""

    def recorded_lines(self) -> set[int]:
        """Return the lines that an earlier run recorded, as far as that is known beforehand."""
        ...

    def record(self, rows: Sequence[Numbered]) -> list[str | None]:
        """Record counts durably, each for itself; return for each None, or why it was refused.

        Raises ``ImportStopped`` when recording is not possible any more.
        """
        ...
