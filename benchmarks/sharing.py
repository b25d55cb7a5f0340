"""The rows about several processes on one data directory: what locks cost, and a second process.

wrk and the server share the machine. On two cores the second process has only what wrk and the
first one leave, so where one process with wrk takes more than one core, two cannot do twice as
much; the CPU an operation says what a machine with more cores would do.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.contender import Contender, start_filled_surestock, start_surestock
from benchmarks.fleet import await_fleet, count_listening
from benchmarks.load import Load
from benchmarks.plan import Plan
from benchmarks.process import Server

LOCKS: Final = {"LOCKS_ENABLED": "true"}


def _start_locked(directory: Path, skus: int, processes: int) -> Server:
    """Start Surestock with locks; first, and without them, ``skus`` SKUs are opened."""
    start_filled_surestock(directory, skus).stop()
    requests = directory / "requests.log"
    so_far = count_listening(requests)
    server = start_surestock(directory, settings=LOCKS, processes=processes)
    await_fleet(server, requests, so_far + processes)
    return server


def sharing_contenders(plan: Plan) -> list[Contender]:
    """Return the rows with locks, with one process and with two, and the reads without."""

    def locked(skus: int, processes: int = 1) -> Callable[[Path], Server]:
        return lambda directory: _start_locked(directory, skus, processes)

    many, reads = plan.skus, plan.reads
    mix = Load("mix", many, reads=reads)
    # What looks for refusals makes wrk dearer: only where another process can have a lease.
    shared_mix = Load("mix", many, reads=reads, shared=True)
    over_many, shared = Load("reserve", many), Load("reserve", many, shared=True)
    return [
        Contender("h", "(b) with locks, one process", over_many, locked(many)),
        Contender("i", "(b) with locks, two processes", shared, locked(many, 2)),
        Contender(
            "j",
            f"{reads} % reads, one process, no locks",
            mix,
            lambda directory: start_filled_surestock(directory, many),
        ),
        Contender("j'", f"{reads} % reads, two processes", shared_mix, locked(many, 2)),
        Contender("k", "(c) with locks, one process", Load("reserve", 1), locked(1)),
        Contender(
            "k'", "(c) with locks, two processes", Load("reserve", 1, shared=True), locked(1, 2)
        ),
    ]
