"""Load, attack, restart, retry, judge: the shape that the crash proofs share."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.proof import central_audit
from tests.proof.audit import Audit, Verdict
from tests.proof.central_audit import CentralVerdict
from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger, Operation
from tests.proof.load import Load
from tests.proof.server import Server
from tests.proof.workload import Workload

_ASKED_AGAIN = 25


@dataclass(slots=True)
class Campaign:
    """A series of attacks on one server and one data directory, and the ledger over all of them.

    ``retried`` counts operations that were sent again; ``differing`` counts acknowledged ones that
    got another answer than their first when they were asked for again.
    """

    server: Server
    seed: int = 1
    clients: int = 64
    ledger: Ledger = field(default_factory=Ledger)
    audit: Audit = field(default_factory=Audit)
    retried: int = 0
    differing: int = 0
    dice: random.Random = field(init=False)
    workload: Workload = field(init=False)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.workload = Workload(self.dice)

    def _load(self) -> Load:
        return Load(self.server.port, self.ledger, self.workload, self.clients)

    def open_levels(self) -> None:
        """Count every level in on the running server."""
        asyncio.run(self._load().open_levels())

    def attack(
        self,
        acknowledged: int,
        attack: Callable[[], None],
        kill: Callable[[], None] | None = None,
    ) -> None:
        """Load the running server, let ``attack`` happen in the middle of it, then kill it."""
        asyncio.run(self._load().run_until(acknowledged, attack, kill or self.server.kill))

    def run_alone(self, operations: Sequence[Operation]) -> bool:
        """Send operations one by one; return False when one was not answered."""
        return asyncio.run(self._load().run_alone(operations))

    def settle(self) -> None:
        """Send again, to the restarted server, everything that has no answer."""
        self.retried += asyncio.run(self._load().retry(self.ledger.unanswered()))

    def settle_recorded(self) -> int:
        """Send again only what the log holds already: answers that need no new write."""
        self.judge()
        recorded = [
            each for each in self.ledger.unanswered() if each.marker in self.audit.sequence_of
        ]
        return asyncio.run(self._load().retry(recorded))

    def ask_again(self) -> None:
        """Repeat some acknowledged operations: their first answers must come again."""
        done = [each for each in self.ledger.operations.values() if each.is_acknowledged]
        chosen = self.dice.sample(done, min(_ASKED_AGAIN, len(done)))
        self.differing += asyncio.run(self._load().ask_again(chosen))

    def judge(self) -> Verdict:
        """Compare the ledger with what the running server says."""
        return asyncio.run(self.audit.judge(self.server.port, self.ledger))

    def judge_anew(self) -> Verdict:
        """The same, from the first event on."""
        self.audit = Audit()
        return self.judge()

    def judge_central(self) -> CentralVerdict:
        """Compare the central view with the log, once a sync is through."""
        return asyncio.run(central_audit.compare(self.server.port, self.server.data_dir))

    def sync(self) -> None:
        """Wait until the central view holds all that was acknowledged."""

        async def wait() -> None:
            async with Connection(self.server.port) as connection:
                await central_audit.sync(connection)

        asyncio.run(wait())
