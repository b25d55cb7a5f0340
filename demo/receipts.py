"""What the clients saw acknowledged: their side of the books."""

from dataclasses import dataclass, field

from demo.basket import Quantities, StockKey


@dataclass(slots=True)
class Receipts:
    """The acknowledged sales, and what was refused.

    ``sold`` has one entry a line of each reservation that was acknowledged and committed.
    ``left_alone`` are the stock keys that a customer stopped asking for while some might have
    been there: only of these may stock be left although somebody wanted it.
    """

    sold: list[tuple[StockKey, int]] = field(default_factory=list)
    left_alone: set[StockKey] = field(default_factory=set)
    baskets: int = 0
    empty_handed: int = 0
    reservations: int = 0
    reservations_split: int = 0
    refusals: int = 0
    lines_cut: int = 0
    units_refused: int = 0

    def record(self, quantities: Quantities) -> None:
        """Write down one committed reservation."""
        self.reservations += 1
        self.sold.extend(quantities.items())
