"""What the worker costs the API process: CPU of a single reserve with a worker beside it, without.

Two servers with their default settings, one of each role, loaded in turns.
"""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.beside import sync
from benchmarks.client import count_rows, send_rows
from benchmarks.contender import Role, start_surestock
from benchmarks.cpu import own_cpu_seconds
from benchmarks.derived.figures import WorkerShare
from benchmarks.errors import UnsoundMeasurement
from benchmarks.load import Load, run_load
from benchmarks.plan import Plan
from benchmarks.process import Server

_FILL_BATCH = 1_000


def run_worker_shares(
    plan: Plan, scratch: Path, advance: Callable[[str], None]
) -> list[WorkerShare]:
    """Measure each round of the plan; the first warms up."""
    found: list[WorkerShare] = []
    with ExitStack() as stack:
        alone = _start(stack, scratch / "share-api", "api", plan)
        both = _start(stack, scratch / "share-all", "all", plan)
        for round_number in range(plan.rounds + 1):
            advance(f"round {round_number} of {plan.rounds}: a reserve with and without a worker")
            seconds = plan.seconds if round_number else plan.warmup_seconds
            costs = {}
            for server in (alone, both) if round_number % 2 else (both, alone):
                costs[server.port] = _cost(server, plan, seconds, synced=server is both)
            if round_number:
                own, whole = costs[both.port]
                measured = WorkerShare(
                    round=round_number,
                    alone_us=costs[alone.port][0],
                    with_worker_us=own,
                    worker_us=whole - own,
                )
                found.append(measured)
    return found


def _start(stack: ExitStack, directory: Path, role: Role, plan: Plan) -> Server:
    server = start_surestock(directory, role)
    stack.callback(server.stop)
    send_rows(server.port, count_rows(plan.skus), _FILL_BATCH)
    return server


def _cost(server: Server, plan: Plan, seconds: int, *, synced: bool) -> tuple[float, float]:
    """Return CPU µs a reserve: of the API process, and of all of the server's processes."""
    pid = server.process.pid
    own, whole = own_cpu_seconds(pid), server.app_cpu()
    outcome = run_load(Load("reserve", plan.skus), server.port, plan, seconds)
    if synced:
        sync(server.port)
    own, whole = own_cpu_seconds(pid) - own, server.app_cpu() - whole
    if outcome.status_errors or outcome.socket_errors:
        raise UnsoundMeasurement("a reserve failed beside the worker")
    return own / outcome.requests * 1e6, whole / outcome.requests * 1e6
