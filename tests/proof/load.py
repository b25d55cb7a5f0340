"""Many clients at once, an attack in the middle of them, and the retries afterwards."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.ledger import Ledger, Operation
from tests.proof.workload import Workload

_PATIENCE = 600
_AGAIN_S = 0.1
_AFTER_ATTACK = 5
_JITTER_S = 0.008
_DRAIN_S = 0.02


@dataclass(slots=True)
class Load:
    """Clients of one server. They stop when they lose it, or soon after ``attack`` has run.

    ``after_attack`` is how many more operations each of them sends then.
    """

    port: int
    ledger: Ledger
    workload: Workload
    clients: int = 64
    attacked: bool = False
    after_attack: int = _AFTER_ATTACK

    async def open_levels(self) -> None:
        """Count every level in; each must be acknowledged."""
        async with Connection(self.port) as connection:
            for operation in self.workload.opening():
                await self._settle(connection, operation)
                if not operation.is_acknowledged:
                    raise AssertionError(f"cannot open a level: {operation.reply}")

    async def run_until(
        self, acknowledged: int, attack: Callable[[], None], aftermath: Callable[[], None]
    ) -> None:
        """Load the server; run ``attack`` once so many more operations are acknowledged.

        A little later, in truth: by then the batches are not aligned with the answers any more.
        ``aftermath`` comes when the clients have read what was on its way to them.
        """
        goal = self.ledger.acknowledged + acknowledged
        reached = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for _ in range(self.clients):
                group.create_task(self._client(goal, reached))
            await reached.wait()
            await asyncio.sleep(self.workload.dice.random() * _JITTER_S)
            self.attacked = True
            attack()
            await asyncio.sleep(_DRAIN_S)
            aftermath()

    async def _client(self, goal: int, reached: asyncio.Event) -> None:
        sent_after = 0
        try:
            async with Connection(self.port) as connection:
                while sent_after < self.after_attack:
                    operation = self.workload.next()
                    await self.send(connection, operation)
                    sent_after += self.attacked
                    if self.ledger.acknowledged >= goal:
                        reached.set()
        except Unanswered:
            if not self.attacked:
                raise AssertionError("the server went away before it was attacked") from None

    async def run_alone(self, operations: Sequence[Operation]) -> bool:
        """Send operations one after the other; return False when one was not answered."""
        try:
            async with Connection(self.port) as connection:
                for operation in operations:
                    await self.send(connection, operation)
        except Unanswered:
            return False
        return True

    async def send(self, connection: Connection, operation: Operation) -> None:
        """Send one operation and note the answer. Raises :class:`Unanswered`."""
        self.ledger.submit(operation)
        reply = await connection.request(
            operation.method, operation.path, operation.encoded(), operation.key
        )
        self.ledger.settle(operation, reply)
        if reply.is_success:
            self.workload.learn(operation)

    async def retry(self, waiting: list[Operation]) -> int:
        """Send operations again, each under its key, until settled; return how many they were."""
        async with Connection(self.port) as connection:
            for operation in waiting:
                await self._settle(connection, operation)
        return len(waiting)

    async def _settle(self, connection: Connection, operation: Operation) -> None:
        for _ in range(_PATIENCE):
            await self.send(connection, operation)
            if not operation.is_unanswered:
                return
            await asyncio.sleep(_AGAIN_S)
        raise AssertionError(f"{operation.marker} is never settled: {operation.reply}")

    async def ask_again(self, operations: list[Operation]) -> int:
        """Repeat acknowledged operations; return how many did not get their first answer again."""
        differing = 0
        async with Connection(self.port) as connection:
            for operation in operations:
                first = operation.reply
                again = await self._again(connection, operation)
                if first is None or again.body != first.body or not again.is_replay:
                    differing += 1
        return differing

    async def _again(self, connection: Connection, operation: Operation) -> Reply:
        """Return what it is answered now, which is no answer yet while it is to be tried again."""
        reply = Reply(503, {}, b"")
        for _ in range(_PATIENCE):
            reply = await connection.request(
                operation.method, operation.path, operation.encoded(), operation.key
            )
            if reply.status != 503:
                break
            await asyncio.sleep(_AGAIN_S)
        return reply
