"""Command line of the launch day: shopping with lost answers and two crashes, then the audit.

Exit codes: 0 when the books agree and the records verify, 1 when not, 2 for a wrong setting, or a
platform or a database that cannot run here.
"""

import asyncio
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from rich.console import Console

from demo.checkout.audit import audit
from demo.checkout.day import Day, hold_day
from demo.checkout.goods import goods
from demo.checkout.platform.choice import AUTO, NAMES, platform
from demo.checkout.platform.port import Platform
from demo.checkout.report import report
from demo.checkout.service import Service
from demo.checkout.wish import Wish, wishes
from demo.connection import ServiceUnreachable
from demo.home import ENGINES, NoDatabase, home_for
from demo.process import ServiceFailed, verify
from demo.till import UnexpectedAnswer
from tests.real.absent import Absent

RUNS = Path(__file__).parent.parent.parent / "data" / "demo"
SHOWN = 20
MOST = 100_000


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        msg = f"{text!r} is not a number from 1 to {MOST}"
        raise ArgumentTypeError(msg)
    return int(text)


def main(arguments: list[str] | None = None) -> int:
    """Run the demo and return the exit code."""
    parser = ArgumentParser(prog="make demo-checkout", description=__doc__.partition("\n")[0])
    parser.add_argument("--provider", choices=NAMES, default=AUTO)
    parser.add_argument("--engine", choices=ENGINES, default="log", help="what keeps the stock")
    parser.add_argument("--carts", type=_count, default="1000")
    parser.add_argument("--clients", type=_count, default="64", help="who shop at the same time")
    parser.add_argument("--devices", type=_count, help="how many there are; 6 for 10 carts if left")
    parser.add_argument("--seed", type=_count, default="1")
    parser.add_argument("--keep", action="store_true", help="keep the data of a good run")
    options = parser.parse_args(arguments)
    options.devices = options.devices or max(1, options.carts * 6 // 10)
    console = Console()
    RUNS.mkdir(parents=True, exist_ok=True)
    directory = Path(mkdtemp(prefix="checkout-", dir=RUNS))
    code = 1
    try:
        code = 0 if _demo(options, directory, console) else 1
    except* (ServiceFailed, ServiceUnreachable, UnexpectedAnswer) as group:
        console.print(f"demo: {_first(group)}", style="red", markup=False)
    except* (Absent, NoDatabase) as group:
        console.print(f"demo: {_first(group)}", style="red", markup=False)
        code = 2
    finally:
        if code == 0 and not options.keep:
            rmtree(directory)
        else:
            console.print(f"The data is kept in {directory}", soft_wrap=True)
    return code


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


def _demo(options: Namespace, directory: Path, console: Console) -> bool:
    """Hold the day in ``directory``, print the report; return whether all was well."""
    stock = goods(options.devices)
    wanted = list(wishes(options.carts, options.seed))

    def say(sentence: str) -> None:
        console.print(sentence, markup=False, soft_wrap=True)

    with platform(options.provider, stock, options.seed, say) as chosen:
        kills, day, verified = asyncio.run(_shop(wanted, options, chosen, directory, console))
    code, printed = verified
    findings = list(audit(day.books))
    console.print(report(wanted, day, chosen, kills, findings))
    say(chosen.counted)
    say(
        f"Run with ENGINE={options.engine} PROVIDER={chosen.name} CARTS={options.carts} "
        f"CLIENTS={options.clients} DEVICES={options.devices} SEED={options.seed}."
    )
    say(f"surestock verify (exit code {code}):\n{printed}")
    for kind, what in findings[:SHOWN]:
        console.print(f"{kind}: {what}", style="red", soft_wrap=True, markup=False)
    return not findings and code == 0


async def _shop(
    wanted: list[Wish], options: Namespace, chosen: Platform, directory: Path, console: Console
) -> tuple[int, Day, tuple[int, str]]:
    """Run the service on the platform, and the day on the service; then verify what it kept.

    Return how often it was killed, the day, and how the verification ended.
    """
    async with chosen.wired() as config, home_for(options.engine, directory / "data") as home:
        file = directory / "commerce.json"
        file.write_bytes(config)
        settings = (f"COMMERCE_PROVIDER={chosen.name}", f"COMMERCE_CONFIG_FILE={file}")
        service = Service(home, directory / "server.log", settings)
        async with service.running():
            stock = goods(options.devices)
            day = await hold_day(wanted, stock, options.clients, service, chosen, console)
        return service.kills, day, await verify(home)


if __name__ == "__main__":
    sys.exit(main())
