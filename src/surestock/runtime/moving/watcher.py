"""Who is told how a move goes on."""

from typing import Literal, Protocol


class Watcher(Protocol):
    """Is told how a move goes on; some of it is told in another thread."""

    def begun(self, size: int, *, proving: bool, unit: Literal["bytes", "records"]) -> None:
        """``size`` is how much there is to move, or to prove."""

    def reached(self, done: int) -> None:
        """So much of it is done."""

    def goes_on(self, through: int) -> None:
        """An earlier run has moved the records up to ``through``."""

    def torn(self, where: str) -> None:
        """The source ends with a write that was cut short, which is left out."""
