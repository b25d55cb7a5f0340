"""The measurement: rounds that interleave all contenders, one sample a contender a round.

A machine's speed drifts over minutes. Interleaved (A B C, then C B A, and so on) every contender
gets its share of good and bad minutes, and a ratio is taken inside a round, between neighbours.
"""

import os
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from benchmarks.beside import outlast_upkeep
from benchmarks.field import Entry
from benchmarks.load import run_load
from benchmarks.plan import Plan

_SETTLE_SECONDS: Final = 0.3


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One contender in one round. An operation is one reserve, add or read; a batch holds many.

    What was refused because another process has the lease (``held``) is no operation, and no error.
    """

    letter: str
    round: int
    requests: int
    operations: int
    requests_per_second: float
    operations_per_second: float
    app_cpu_us: float
    """Server CPU per operation in µs."""
    database_cpu_us: float
    p50_ms: float
    p99_ms: float
    status_errors: int
    socket_errors: int
    held: int = 0
    writes: int | None = None
    """Writes of a mix that were sent; None where every operation is a write."""
    committed: int | None
    """Operations by which the server's sequence moved; None where nothing is durable."""
    wrk_cpu_share: float
    """wrk's CPU time over the round's length: near 1, wrk was the limit."""

    def fault(self, in_flight: int) -> str | None:
        """Say why this sample can't be trusted, or None when it can.

        Every answer must have been a success, or a refusal because another process has the lease,
        and a durable server's sequence must have moved by what wrk saw answered, give or take the
        ``in_flight`` operations at the end.
        """
        who = f"({self.letter}), round {self.round}"
        if self.status_errors or self.socket_errors:
            errors = f"{self.status_errors} refusals, {self.socket_errors} socket errors"
            return f"{who}: {errors} in {self.requests} requests"
        if self.committed is None:
            return None
        if self.writes is None:
            if not 0 <= self.committed - self.operations <= in_flight:
                return f"{who}: answered {self.operations} operations, committed {self.committed}"
        elif not 0 <= self.writes - self.held - self.committed <= in_flight:
            accepted = self.writes - self.held
            return f"{who}: accepted {accepted} writes at most, committed {self.committed}"
        return None


def _settle() -> None:
    os.sync()
    time.sleep(_SETTLE_SECONDS)


def measure(entry: Entry, plan: Plan, round_number: int, seconds: int) -> Sample:
    """Load one server for ``seconds`` seconds and return what it did and what it cost.

    The upkeep that a load made due counts as its cost, and disturbs no other.
    """
    contender, server, load = entry.contender, entry.server, entry.contender.load
    before = contender.books.ask(server.port)
    _settle()
    app, database = server.app_cpu(), server.database_cpu()
    outcome = run_load(load, server.port, plan, seconds)
    _settle()
    outlast_upkeep(server)
    app, database = server.app_cpu() - app, server.database_cpu() - database
    operations = (outcome.requests - outcome.held) * load.rows
    committed = contender.books.ask(server.port) - before - contender.books.own
    elapsed = outcome.duration_us / 1e6
    return Sample(
        letter=contender.letter,
        round=round_number,
        requests=outcome.requests,
        operations=operations,
        requests_per_second=outcome.requests / elapsed,
        operations_per_second=operations / elapsed,
        app_cpu_us=app / operations * 1e6,
        database_cpu_us=database / operations * 1e6,
        p50_ms=outcome.p50_us / 1e3,
        p99_ms=outcome.p99_us / 1e3,
        status_errors=outcome.status_errors,
        socket_errors=outcome.socket_errors,
        held=outcome.held,
        writes=outcome.writes if load.reads else None,
        committed=committed if contender.durable else None,
        wrk_cpu_share=outcome.wrk_cpu_s / elapsed,
    )


def run_rounds(
    entries: Sequence[Entry], plan: Plan, advance: Callable[[str], None]
) -> list[Sample]:
    """Warm every server up, then measure all of them in each round; every second one backwards.

    ``advance`` hears what comes next before each of the ``(rounds + 1) * len(entries)`` loads.
    """
    samples = []
    for round_number in range(plan.rounds + 1):
        warming = round_number == 0
        for entry in entries if round_number % 2 else reversed(entries):
            stage = "warm-up" if warming else f"round {round_number} of {plan.rounds}"
            advance(f"{stage}: ({entry.contender.letter}) {entry.contender.title}")
            seconds = plan.warmup_seconds if warming else plan.seconds
            sample = measure(entry, plan, round_number, seconds)
            if not warming:
                samples.append(sample)
    return samples
