"""The figures of a run, one row a proof, shown as a table when the session ends."""

from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """What was promised, how it was attacked, what came out."""

    promise: str
    attack: str
    figure: str


@dataclass(slots=True)
class Figures:
    """Collects the rows of one session."""

    rows: list[Figure] = field(default_factory=list)

    def add(self, promise: str, attack: str, figure: str) -> None:
        """Print a row now and keep it for the table."""
        self.rows.append(Figure(promise, attack, figure))
        Console(stderr=True).print(f"{promise} | {attack} | {figure}", highlight=False)

    def table(self) -> Table:
        """Return all rows as a table."""
        table = Table("promise", "attack", "figure", title="Proofs", show_lines=True)
        for row in self.rows:
            table.add_row(row.promise, row.attack, row.figure)
        return table
