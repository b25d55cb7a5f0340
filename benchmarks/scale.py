"""What the number of SKUs costs: memory and start-up of a stocked server, and CPU per write.

One server for each size. Each is filled through ``POST /inventory/batch``, restarted, so that
all are measured on what the log alone gives them, and then loaded with reserves over all of its
SKUs in the same interleaved rounds.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.beside import come_to_rest
from benchmarks.client import count_rows, send_rows
from benchmarks.contender import Contender, start_surestock
from benchmarks.field import Entry
from benchmarks.load import Load
from benchmarks.plan import Plan
from benchmarks.process import Server
from benchmarks.rounds import Sample, run_rounds

_FILL_BATCH: Final = 1_000


class Stocked(msgspec.Struct, frozen=True):
    """A server with ``skus`` SKUs: resident bytes empty, filled and restarted; start in seconds.

    The bytes are of the API process and its worker, at rest.
    """

    skus: int
    empty_bytes: int
    filled_bytes: int
    restarted_bytes: int
    start_seconds: float

    @property
    def worst_each(self) -> float:
        """Bytes a SKU, in the processes that took them or in those that read them back."""
        return (max(self.filled_bytes, self.restarted_bytes) - self.empty_bytes) / self.skus


def letter_of(skus: int) -> str:
    """Return the name under which the samples of ``skus`` SKUs stand in the results."""
    return f"{skus:,} SKUs"


def _stock(directory: Path, skus: int) -> tuple[Server, Stocked]:
    server = start_surestock(directory)
    empty = _memory_at_rest(server)
    send_rows(server.port, count_rows(skus), _FILL_BATCH)
    filled = _memory_at_rest(server)
    server.stop()
    server = start_surestock(directory)
    restarted = _memory_at_rest(server)
    return server, Stocked(skus, empty, filled, restarted, server.start_seconds)


def _memory_at_rest(server: Server) -> int:
    come_to_rest(server)
    return server.memory()


def run_scale(
    plan: Plan, scratch: Path, advance: Callable[[str], None]
) -> tuple[list[Stocked], list[Sample]]:
    """Measure every size of the plan; ``advance`` hears one text a size and one a load."""
    stocked: list[Stocked] = []
    entries: list[Entry] = []
    with ExitStack() as stack:
        for skus in plan.scale_skus:
            advance(f"opening {skus:,} SKUs")
            server, facts = _stock(scratch / f"scale-{skus}", skus)
            stack.callback(server.stop)
            stocked.append(facts)
            contender = Contender(
                letter_of(skus), "durable reserve", Load("reserve", skus), start_surestock
            )
            entries.append(Entry(contender, server))
        return stocked, run_rounds(entries, plan, advance)
