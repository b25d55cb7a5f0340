"""The report: what was sold how fast, what was refused, and whether the books agree."""

from rich.table import Table

from demo.sale import Outcome
from demo.sales import Sales


def report(sales: Sales, outcome: Outcome, mismatches: int, central_mismatches: int) -> Table:
    """Return the figures of a sale as a table, the numbers of mismatches last."""
    receipts, elapsed_s = outcome.receipts, outcome.elapsed_s
    short = sum(units < sales.demand[key] for key, units in outcome.opening.items())
    sold = sum(units for _, units in receipts.sold)
    table = Table(title="Replayed baskets", show_header=False, min_width=56)
    table.add_column("what")
    table.add_column("figure", justify="right")
    for what, figure in (
        ("rows in the data set", f"{sales.rows:,}"),
        ("unsellable rows (quantity 0)", f"{sales.unsellable:,}"),
        ("baskets with nothing sellable", f"{sales.empty_baskets:,}"),
        ("stock levels opened", f"{len(outcome.opening):,}"),
        ("  deliberately too low", f"{short:,}"),
        ("baskets served", f"{receipts.baskets:,}"),
        ("  that went home empty-handed", f"{receipts.empty_handed:,}"),
        ("reservations committed", f"{receipts.reservations:,}"),
        ("  more because of over 100 lines", f"{receipts.reservations_split:,}"),
        ("sale lines sold", f"{len(receipts.sold):,}"),
        ("units sold", f"{sold:,}"),
        ("refusals (409 InsufficientStock)", f"{receipts.refusals:,}"),
        ("  sale lines cut or dropped", f"{receipts.lines_cut:,}"),
        ("  units not sold", f"{receipts.units_refused:,}"),
        ("requests sent again (429, 503, lost)", f"{outcome.repeats:,}"),
        ("seconds", f"{elapsed_s:,.1f}"),
        ("baskets/s", f"{receipts.baskets / elapsed_s:,.0f}"),
        ("sale lines/s", f"{len(receipts.sold) / elapsed_s:,.0f}"),
        ("levels compared", f"{len(outcome.levels):,}"),
        ("  mismatches", f"{mismatches:,}"),
        ("central SKUs compared, over all stores", f"{len(outcome.central.products):,}"),
        ("  mismatches", f"{central_mismatches:,}"),
        ("  records folded", f"{outcome.central.applied_sequence:,}"),
        ("  seconds that POST /sync took", f"{outcome.central.sync_s:,.3f}"),
    ):
        table.add_row(what, figure)
    return table
