"""Clients of a service that may lose its database: they ask again for as long as they are told to.

They keep how long each answer took, since one that comes too late is as bad as none. Time in which
nothing ran here does not count.
"""

from dataclasses import dataclass, field

from tests.proof.crowd import TRY_AGAIN, Crowd
from tests.proof.http_client import Connection
from tests.proof.ledger import Operation
from tests.real.steady import steady_time

LOST = frozenset({"DatabaseUnavailable", "CircuitOpen", "OutcomeUnknown"})
_IN_FLIGHT = b'"IdempotencyInFlight"'


@dataclass
class Patient(Crowd):
    """``took`` has of each answer when it came, after how long in seconds, and its status."""

    try_again: frozenset[str] = TRY_AGAIN | LOST
    took: list[tuple[float, float, int]] = field(default_factory=list)

    async def send(self, connection: Connection, operation: Operation) -> None:
        """Send an operation once, and look at the answer. Raises :class:`Unanswered`."""
        self.ledger.submit(operation)
        began = steady_time()
        reply = await connection.request(
            operation.method, operation.path, operation.encoded(), operation.key
        )
        ended = steady_time()
        self.took.append((ended, ended - began, reply.status))
        if reply.status == 409 and _IN_FLIGHT in reply.body:
            self.told["IdempotencyInFlight"] += 1  # no refusal: the first is on its way
            return
        self.ledger.settle(operation, reply)
        self._look_at(operation, reply)

    @property
    def longest_s(self) -> float:
        """How long the longest answer took."""
        return max(took_s for _, took_s, _ in self.took)

    def listed(self) -> str:
        """Return in words how often what was said."""
        return ", ".join(f"{what} {count:,}" for what, count in sorted(self.told.items()))
