"""What the clients asked for and what they were told: the other side of the event log.

The ledger knows nothing of the service's files. It holds each operation that was sent, under its
own idempotency key and with a marker that the service must record, and the answer, if one came.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import orjson

from tests.proof.http_client import Reply

StockKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Effect:
    """What an accepted operation does to one level."""

    store_id: str
    sku: str
    on_hand: int
    reserved: int


@dataclass(slots=True, eq=False)
class Operation:
    """One mutation. ``marker`` is found again in the event that records it.

    ``reply`` is the last answer (None when none came); ``attempts`` counts how often it was sent.
    """

    key: str
    method: str
    path: str
    body: dict[str, Any]
    marker: str
    effects: tuple[Effect, ...]
    reply: Reply | None = None
    attempts: int = 0

    def encoded(self) -> bytes:
        """Return the request body."""
        return orjson.dumps(self.body) if self.body else b""

    @property
    def is_acknowledged(self) -> bool:
        """Tell whether the client was told that it is done."""
        return self.reply is not None and self.reply.is_success

    @property
    def is_refused(self) -> bool:
        """Tell whether the client was told that nothing was changed."""
        return self.reply is not None and 400 <= self.reply.status < 500

    @property
    def is_unanswered(self) -> bool:
        """Tell whether the client knows nothing: no reply, or one that asks to try again."""
        return not self.is_acknowledged and not self.is_refused

    @property
    def sequence(self) -> int:
        """Return where the service says it stands in the log."""
        if self.reply is None:
            msg = f"{self.marker} was never answered"
            raise ValueError(msg)
        return int(self.reply.headers["x-commit-sequence"])


@dataclass(slots=True)
class Ledger:
    """Every operation of a proof, by its marker."""

    operations: dict[str, Operation] = field(default_factory=dict)
    acknowledged: int = 0

    def submit(self, operation: Operation) -> None:
        """Note that ``operation`` is about to be sent (for the first time, or again)."""
        operation.attempts += 1
        self.operations[operation.marker] = operation

    def settle(self, operation: Operation, reply: Reply) -> None:
        """Note the answer."""
        if reply.is_success and not operation.is_acknowledged:
            self.acknowledged += 1
        operation.reply = reply

    def unanswered(self) -> list[Operation]:
        """Return the operations whose outcome no client knows."""
        return [each for each in self.operations.values() if each.is_unanswered]

    def expected_levels(self) -> dict[StockKey, tuple[int, int]]:
        """Return (on-hand, reserved) of each level: the sum of all that was acknowledged."""
        on_hand: Counter[StockKey] = Counter()
        reserved: Counter[StockKey] = Counter()
        for operation in self.operations.values():
            if operation.is_acknowledged:
                for effect in operation.effects:
                    on_hand[effect.store_id, effect.sku] += effect.on_hand
                    reserved[effect.store_id, effect.sku] += effect.reserved
        return {key: (on_hand[key], reserved[key]) for key in on_hand}
