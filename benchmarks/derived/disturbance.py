"""Whether a snapshot shows where a client waits: the API's p99 while one is taken, and without.

The server is as in use, with its worker. Windows alternate; the load is the same in all of them, a
closed loop of few connections, so that the server is about half busy. In a busy window the same
snapshot is taken again and again by the process that takes it in use, so that the window holds
whole ones from their first to their last step.
"""

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event
from typing import Final

from benchmarks.beside import come_to_rest
from benchmarks.contender import start_surestock
from benchmarks.derived.catch_up import NO_UPKEEP
from benchmarks.derived.figures import Disturbance
from benchmarks.derived.stocked import snapshot_again
from benchmarks.errors import UnsoundMeasurement
from benchmarks.load import Load, Outcome, run_load
from benchmarks.plan import Plan

_WHOLE_SNAPSHOTS: Final = 1.5
"""How long a window is, in snapshots: one has to fit in, wherever it begins."""


@dataclass(frozen=True, slots=True)
class _Window:
    outcome: Outcome
    begun: float
    ended: float


def run_disturbances(
    plan: Plan, stocked: Path, advance: Callable[[str], None]
) -> list[Disturbance]:
    """Measure each round of the plan on the server directory ``stocked``."""
    half = replace(plan, connections=plan.half_connections)
    load = Load("reserve", plan.snapshot_skus)
    data = stocked / "data"
    with ExitStack() as stack:
        advance("how busy the server can be")
        server = start_surestock(stocked, settings=NO_UPKEEP)
        stack.callback(server.stop)
        come_to_rest(server)

        def window(seconds: int) -> _Window:
            begun = time.monotonic()
            outcome = run_load(load, server.port, half, seconds)
            return _Window(outcome, begun, time.monotonic())

        most = _rate(run_load(load, server.port, plan, plan.seconds))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        once = pool.submit(snapshot_again, data, plan)
        while not once.done():
            window(1)
        seconds = max(plan.seconds, math.ceil(_WHOLE_SNAPSHOTS * once.result().seconds))

        def busy_window() -> tuple[_Window, list[tuple[float, float]]]:
            ending = Event()
            taking = pool.submit(_keep_taking, data, plan, ending)
            measured = window(seconds)
            ending.set()
            return measured, taking.result()

        found: list[Disturbance] = []
        for round_number in range(1, plan.rounds + 1):
            advance(f"round {round_number} of {plan.rounds}: {seconds} s with a snapshot, without")
            if round_number % 2:
                calm, (busy, taken) = window(seconds), busy_window()
            else:
                (busy, taken), calm = busy_window(), window(seconds)
            found.append(_compared(round_number, plan.snapshot_skus, most, calm, busy, taken))
        return found


def _keep_taking(data: Path, plan: Plan, ending: Event) -> list[tuple[float, float]]:
    """Take the snapshot until ``ending`` is set; return when each was begun and finished."""
    taken = []
    while not ending.is_set():
        begun = time.monotonic()
        snapshot_again(data, plan)
        taken.append((begun, time.monotonic()))
    return taken


def _compared(
    round_number: int,
    skus: int,
    most: float,
    calm: _Window,
    busy: _Window,
    taken: list[tuple[float, float]],
) -> Disturbance:
    for window in (calm, busy):
        if window.outcome.status_errors or window.outcome.socket_errors:
            raise UnsoundMeasurement("a reserve failed beside a snapshot")
    inside = [end - begin for begin, end in taken if end <= busy.ended]
    if not inside:
        raise UnsoundMeasurement("no snapshot was finished inside the window that was to show it")
    overlap = sum(min(end, busy.ended) - max(begin, busy.begun) for begin, end in taken)
    return Disturbance(
        round=round_number,
        skus=skus,
        calm_p99_ms=calm.outcome.p99_us / 1e3,
        busy_p99_ms=busy.outcome.p99_us / 1e3,
        calm_p50_ms=calm.outcome.p50_us / 1e3,
        busy_p50_ms=busy.outcome.p50_us / 1e3,
        calm_requests_per_second=_rate(calm.outcome),
        busy_requests_per_second=_rate(busy.outcome),
        most_requests_per_second=most,
        snapshots=len(inside),
        snapshot_seconds=median(inside),
        busy_share=overlap / (busy.ended - busy.begun),
    )


def _rate(outcome: Outcome) -> float:
    return outcome.requests / (outcome.duration_us / 1e6)
