"""The report: what was bought, what went wrong on the way, and whether the books agree."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.table import Table

from demo.checkout.audit import Finding
from demo.checkout.day import Day
from demo.checkout.platform.port import Platform
from demo.checkout.wish import Wish


def report(
    wanted: Sequence[Wish], day: Day, platform: Platform, kills: int, findings: Sequence[Finding]
) -> Table:
    """Return the figures of a day as a table, those that must be 0 last."""
    books = day.books
    ends = Counter(receipt.end for receipt in books.receipts.values())
    unsure = [receipt.user for receipt in books.receipts.values() if receipt.end == "unsure"]
    states = Counter(books.states.values())
    wrong = Counter(finding.kind for finding in findings)
    table = Table(title=f"Checkouts through {platform.name}", show_header=False, min_width=56)
    table.add_column("what")
    table.add_column("figure", justify="right")
    for what, figure in (
        ("carts", len(wanted)),
        ("units wanted, devices", sum(wish.qty for wish in wanted)),
        ("units there, devices", _devices(books.opening)),
        ("orders at the provider", len(books.orders)),
        ("completed checkouts", states["completed"]),
        ("  acknowledged to the buyer", ends["bought"]),
        ("unknown at the end", states["unknown"]),
        ("  when the buyer left", len(unsure)),
        ("    of them completed since", sum(books.states[user] == "completed" for user in unsure)),
        ("carts sold out", ends["sold out"]),
        ("cards refused for good", ends["declined"]),
        ("refused otherwise", ends["refused"]),
        ("stock sold, units of all kinds", books.sold()),
        ("  devices", _devices(Counter(books.opening)) - _left(day)),
        ("  still reserved", sum(level.reserved for level in books.levels.values())),
        ("service killed with SIGKILL", kills),
        *_mishaps(platform.mishaps()),
        ("requests sent again (429, 503, lost)", day.repeats),
        ("seconds of shopping", round(day.shopping_s, 1)),
        ("seconds until the last one was settled", round(day.settling_s, 1)),
        ("oversold", wrong["oversold"]),
        ("doubled", wrong["doubled"]),
        ("lost", wrong["lost"]),
        ("stock that does not add up", wrong["stock"]),
        ("checkouts without an end", wrong["open"]),
    ):
        table.add_row(what, _shown(figure))
    return table


def _mishaps(mishaps: Mapping[str, int | None]) -> list[tuple[str, int | None]]:
    names = {
        "cut": "requests to pay: answer lost",
        "slow": "requests to pay: answer too late",
        "late": "requests to pay: passed on too late",
    }
    return [(names[fate], count) for fate, count in mishaps.items()]


def _devices(units: Mapping[str, int]) -> int:
    return sum(count for sku, count in units.items() if sku.startswith("phone-"))


def _left(day: Day) -> int:
    return _devices({sku: level.on_hand for sku, level in day.books.levels.items()})


def _shown(figure: float | None) -> str:
    return "not to be seen" if figure is None else f"{figure:,}"
