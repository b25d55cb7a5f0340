"""What one active reservation costs in memory: many of them over few SKUs, live and restarted.

It is the API process alone that is measured: its worker keeps no reservations.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.client import count_rows, reserve_rows, send_rows
from benchmarks.contender import start_surestock
from benchmarks.plan import Plan

_LINE_RECORDS: Final = 50


class ReservationMemory(msgspec.Struct, frozen=True):
    """Resident bytes before and with ``reservations`` active ones; without idempotency keys."""

    reservations: int
    skus: int
    before_bytes: int
    live_bytes: int
    before_restarted_bytes: int
    restarted_bytes: int

    @property
    def live_each(self) -> float:
        """Bytes a reservation in the process that took it."""
        return (self.live_bytes - self.before_bytes) / self.reservations

    @property
    def restarted_each(self) -> float:
        """Bytes a reservation in a process that read it back."""
        return (self.restarted_bytes - self.before_restarted_bytes) / self.reservations


def run_memory(plan: Plan, scratch: Path, advance: Callable[[str], None]) -> ReservationMemory:
    """Take the plan's reservations and measure; ``advance`` hears one text."""
    directory = scratch / "memory"
    total, skus = plan.memory_reservations, min(plan.skus, plan.memory_reservations)
    advance(f"{total:,} reservations over {skus:,} SKUs")
    server = start_surestock(directory, "api")
    send_rows(server.port, count_rows(skus), _LINE_RECORDS)
    server.stop()
    server = start_surestock(directory, "api")
    before_restarted = server.memory()
    send_rows(server.port, reserve_rows(_LINE_RECORDS, skus, keyed=False), _LINE_RECORDS)
    before = server.memory()
    send_rows(server.port, reserve_rows(total, skus, keyed=False), _LINE_RECORDS)
    live = server.memory()
    server.stop()
    server = start_surestock(directory, "api")
    restarted = server.memory()
    server.stop()
    return ReservationMemory(total, skus, before, live, before_restarted, restarted)
