"""How fast a worker catches up, against how fast the API commits what it has to catch up with.

The worker is stopped, so that the API has the machine for itself; then it is let go on, and the
time counts until the API says that the central view has all of it.
"""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from benchmarks.beside import come_to_rest, stopped, sync, worker_pid
from benchmarks.client import last_sequence
from benchmarks.contender import start_surestock
from benchmarks.cpu import own_cpu_seconds
from benchmarks.derived.figures import CatchUp
from benchmarks.derived.log_maker import LogMaker, Span
from benchmarks.errors import UnsoundMeasurement
from benchmarks.load import Load, run_load
from benchmarks.plan import Plan
from benchmarks.process import Server

NO_UPKEEP: Final = {"SEGMENT_BYTES": str(2**40), "SNAPSHOT_EVERY_N_EVENTS": str(10**12)}
"""Settings with which the log is never sealed any more: nothing else goes on beside a window."""


def run_catch_ups(plan: Plan, scratch: Path, advance: Callable[[str], None]) -> list[CatchUp]:
    """Let a worker of each size of the plan catch up in each round; the first warms up."""
    found: list[CatchUp] = []
    with ExitStack() as stack:
        servers: list[tuple[int, Server]] = []
        for skus in plan.fold_skus:
            advance(f"a worker over {skus:,} SKUs")
            directory = scratch / f"catch-up-{skus}"
            maker = LogMaker(directory / "data", Span.until_now(skus, 1))
            maker.count(skus)
            maker.close()
            server = start_surestock(directory, settings=NO_UPKEEP)
            stack.callback(server.stop)
            come_to_rest(server)
            servers.append((skus, server))
        for round_number in range(plan.rounds + 1):
            for skus, server in servers if round_number % 2 else reversed(servers):
                advance(f"round {round_number} of {plan.rounds}: catching up, {skus:,} SKUs")
                measured = _catch_up(server, skus, plan, round_number)
                if round_number:
                    found.append(measured)
    return found


def _catch_up(server: Server, skus: int, plan: Plan, round_number: int) -> CatchUp:
    worker = worker_pid(server)
    before = last_sequence(server.port)
    sync(server.port)
    with stopped(worker):
        seconds = plan.seconds if round_number else plan.warmup_seconds
        outcome = run_load(Load("reserve", skus), server.port, plan, seconds)
        events = last_sequence(server.port) - before
        cpu = own_cpu_seconds(worker)
        begun = time.perf_counter()
    sync(server.port)
    seconds_behind = time.perf_counter() - begun
    cpu = own_cpu_seconds(worker) - cpu
    if outcome.status_errors or outcome.socket_errors:
        raise UnsoundMeasurement("a reserve failed while the worker was stopped")
    return CatchUp(
        round=round_number,
        skus=skus,
        events=events,
        committed_per_second=outcome.requests / (outcome.duration_us / 1e6),
        folded_per_second=events / seconds_behind,
        worker_cpu_ms_per_1000=cpu / events * 1e6,
    )
