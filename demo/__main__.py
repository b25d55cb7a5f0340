"""Command line of the demo: one sale on a service of its own, then the audit.

Exit codes: 0 when every level is right and the records verify, 1 when not, 2 for a wrong setting or
a machine without PostgreSQL.
"""

import asyncio
import sys
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from rich.console import Console

from demo.connection import ServiceUnreachable
from demo.home import ENGINES, Home, NoDatabase, home_for
from demo.oracle import audit, expectations
from demo.process import ServiceFailed, running, verify
from demo.products import audit_products
from demo.report import report
from demo.sale import Outcome, hold_sale
from demo.sales import LAST_WEEK, Sales, read_sales, total_by_key, total_by_product
from demo.till import UnexpectedAnswer

RUNS = Path(__file__).parent.parent / "data" / "demo"
CLIENTS = 64
SHOWN = 10


def _weeks(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= LAST_WEEK:
        msg = f"{text!r} is not a number of weeks from 1 to {LAST_WEEK}"
        raise ArgumentTypeError(msg)
    return int(text)


def _new_directory(text: str) -> Path:
    path = Path(text)
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        msg = f"{text} exists and is not an empty directory"
        raise ArgumentTypeError(msg)
    return path


def main() -> int:
    """Run the demo and return the exit code."""
    parser = ArgumentParser(prog="demo/run", description=__doc__.partition("\n")[0])
    parser.add_argument("--weeks", type=_weeks, default="2", help="first weeks of the year to sell")
    parser.add_argument("--engine", choices=ENGINES, default="log", help="what keeps the stock")
    parser.add_argument("--dir", type=_new_directory, help="where the data goes; kept")
    parser.add_argument("--keep", action="store_true", help="keep the data of a good run")
    options = parser.parse_args()
    console = Console()
    if options.dir is None:
        RUNS.mkdir(parents=True, exist_ok=True)
    directory = options.dir or Path(mkdtemp(prefix="sale-", dir=RUNS))
    directory.mkdir(parents=True, exist_ok=True)
    good, code = False, 1
    try:
        good = asyncio.run(_demo(options.weeks, options.engine, directory, console))
    except* NoDatabase as group:
        console.print(f"demo: {_first(group)}", style="red", markup=False)
        code = 2
    except* (ServiceFailed, ServiceUnreachable, UnexpectedAnswer) as group:
        console.print(f"demo: {_first(group)}", style="red", markup=False)
    finally:
        if good and not options.keep and options.dir is None:
            rmtree(directory)
        else:
            console.print(f"The data is kept in {directory}", soft_wrap=True)
    return 0 if good else code


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


async def _demo(weeks: int, engine: str, directory: Path, console: Console) -> bool:
    """Hold the sale in ``directory``, print the report; return whether all was well."""
    console.print(f"Reading the sale lines of {weeks} weeks ...")
    sales = await asyncio.to_thread(read_sales, weeks)
    async with home_for(engine, directory / "data") as home:
        outcome = await _sell(sales, home, directory / "server.log", console)
        books_agree = await asyncio.to_thread(_audit, sales, outcome, console)
        code, printed = await verify(home)
    console.print(f"surestock verify (exit code {code}):\n{printed}", markup=False, soft_wrap=True)
    return books_agree and code == 0


async def _sell(sales: Sales, home: Home, log: Path, console: Console) -> Outcome:
    async with running(home, log) as port:
        console.print(f"The service runs on port {port} with {home.words}", soft_wrap=True)
        return await hold_sale(sales, port, CLIENTS, console)


def _audit(sales: Sales, outcome: Outcome, console: Console) -> bool:
    """Hold every level and product against the oracle, print what was found.

    Return whether all agree.
    """
    receipts = outcome.receipts
    sold = total_by_key(receipts.sold)
    expected = list(expectations(outcome.opening, sales.demand, sold, receipts.left_alone))
    mismatches = list(audit(expected, outcome.levels))
    totals = total_by_product(expected, sales.product_demand)
    central = list(audit_products(expected, totals, outcome.central.products))
    console.print(report(sales, outcome, len(mismatches), len(central)))
    for (store, sku), what in mismatches[:SHOWN] + central[:SHOWN]:
        console.print(f"store {store}, SKU {sku}: {what}", style="red", soft_wrap=True)
    return not mismatches and not central


if __name__ == "__main__":
    sys.exit(main())
