"""A crowd of clients in a process of its own, and what they were answered.

Run as ``python -m tests.proof.overload_swarm``, with an order as JSON on standard input. It writes
what was acknowledged, a line each, to the file that the order names, and a report to its output.
"""

import asyncio
import re
import resource
import sys
from collections import Counter
from pathlib import Path
from time import perf_counter
from typing import TextIO

import msgspec
import uvloop

from tests.proof.overload_client import Client
from tests.proof.overload_terms import Order, Report, spread_of

_SETTLE_S = 1.0
_DRAIN_S = 60.0
_LOOK_EVERY_S = 0.05
_FAULTS_KEPT = 20
_SEQUENCE = re.compile(rb"\r\nx-commit-sequence: (\d+)", re.IGNORECASE)
_RETRY_AFTER = re.compile(rb"\r\nretry-after: ([1-9]\d*)\r\n", re.IGNORECASE)
_PROBLEM = b"content-type: application/problem+json"
_ERRORS = {429: b'"RateLimited"', 503: b'"Overloaded"'}


class Swarm:
    """All clients of an order, and what they were answered."""

    def __init__(self, order: Order, acknowledged: TextIO) -> None:
        self.order = order
        self.is_over = False
        self._is_measured = False
        self._written = acknowledged
        self._answers: dict[str, Counter[int]] = {}
        self._by_address: dict[str, Counter[int]] = {}
        self._accepted: dict[str, list[float]] = {}
        self._refused: list[float] = []
        self._retry_after: Counter[int] = Counter()
        self._faults: list[str] = []
        self._fault_count = 0
        self._acknowledged = 0
        self._longest_s = 0.0

    async def run(self) -> Report:
        """Do what the order says."""
        loop = asyncio.get_running_loop()
        connected: list[tuple[asyncio.Transport, Client]] = []
        for group in self.order.groups:
            for _ in range(group.clients):
                number = len(connected)
                pair = await loop.create_connection(
                    lambda group=group, number=number: Client(self, group, number),  # type: ignore[misc]
                    "127.0.0.1",
                    self.order.port,
                    local_addr=(group.address, 0),
                )
                connected.append(pair)
        for transport, client in connected:
            client.begin(transport)
        await asyncio.sleep(_SETTLE_S)
        self._is_measured, began, cpu = True, perf_counter(), _cpu_s()
        await asyncio.sleep(self.order.seconds)
        self._is_measured, ended, cpu = False, perf_counter(), _cpu_s() - cpu
        self.is_over = True
        clients = [client for _, client in connected]
        unanswered = await self._drained(clients)
        for client in clients:
            client.is_waiting = False
            client.end()
        return self._report(ended - began, cpu, unanswered)

    async def _drained(self, clients: list[Client]) -> int:
        """Wait for the answers that are on their way; return how many never came."""
        for _ in range(round(_DRAIN_S / _LOOK_EVERY_S)):
            if not any(client.is_waiting for client in clients):
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        return sum(client.is_waiting for client in clients)

    def took(self, client: Client, status: int, seconds: float) -> None:
        """Count an answer."""
        if status == 200:
            self._longest_s = max(self._longest_s, seconds)
        if not self._is_measured:
            return
        self._answers.setdefault(client.kind, Counter())[status] += 1
        self._by_address.setdefault(client.address, Counter())[status] += 1
        if 200 <= status < 300:
            self._accepted.setdefault(client.kind, []).append(seconds)
        else:
            self._refused.append(seconds)

    def acknowledge(self, client: Client, answer: bytes) -> None:
        """Write down what was said to be done."""
        sequence = _SEQUENCE.search(answer)
        if sequence is None:
            self.complain(f"accepted without a sequence: {answer[:300]!r}")
            return
        line = f"{client.kind} {client.subject} {client.marker} {sequence[1].decode()}\n"
        self._written.write(line)
        self._acknowledged += 1

    def check(self, status: int, answer: bytes) -> float:
        """Return the seconds after which to come again; complain of what is not a refusal."""
        wait = _RETRY_AFTER.search(answer)
        error = _ERRORS.get(status)
        if wait is None or error is None or error not in answer or _PROBLEM not in answer:
            self.complain(f"not a proper refusal: {answer[:400]!r}")
            return 1.0
        self._retry_after[int(wait[1])] += 1
        return float(wait[1])

    def complain(self, what: str) -> None:
        """Take note of something that must not be."""
        self._fault_count += 1
        if len(self._faults) < _FAULTS_KEPT:
            self._faults.append(what)

    def _report(self, seconds: float, cpu_s: float, unanswered: int) -> Report:
        return Report(
            seconds=seconds,
            answers={kind: dict(counts) for kind, counts in self._answers.items()},
            by_address={address: dict(counts) for address, counts in self._by_address.items()},
            accepted=spread_of([each for taken in self._accepted.values() for each in taken]),
            accepted_by_kind={kind: spread_of(taken) for kind, taken in self._accepted.items()},
            refused=spread_of(self._refused),
            retry_after=dict(self._retry_after),
            faults=self._faults,
            fault_count=self._fault_count,
            unanswered=unanswered,
            acknowledged=self._acknowledged,
            turned_away=self._retry_after.total(),
            longest_s=self._longest_s,
            cpu_s=cpu_s,
        )


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read an order, carry it out, write the report."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    with Path(order.acknowledged).open("a") as written:
        report = uvloop.run(Swarm(order, written).run())
    sys.stdout.buffer.write(msgspec.json.encode(report))


if __name__ == "__main__":
    main()
