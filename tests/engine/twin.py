"""An engine and the reference side by side: whatever is sent to one is said to the other."""

import asyncio
from itertools import count as counting
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from surestock.idempotency import IdempotencyKey
from surestock.inventory.commands import Command
from surestock.inventory.events import ReservationExpired
from surestock.inventory.model import StockKey
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal
from surestock.ledger.port import Envelope, Outcome
from tests.engine.audit import audit
from tests.engine.engines import Open
from tests.engine.reference import OK, Reference

KEYS: list[StockKey] = [("east", "rice"), ("east", "tea"), ("west", "tea")]


def named(answer: Outcome | Refusal) -> str:
    """Return "ok", or the name of a refusal."""
    return OK if isinstance(answer, Outcome) else type(answer).__name__


def reservation_of(answer: Outcome | Refusal) -> str:
    """Return the id of the reservation that was made, or a name for none."""
    made = answer.reply.reservation_id if isinstance(answer, Outcome) else None
    return made or "none was made"


class Tally:
    """How much was tried, over all examples of a run."""

    def __init__(self) -> None:
        self.examples = 0
        self.commands = 0
        self.records = 0

    def __str__(self) -> str:
        return f"{self.examples} examples, {self.commands} commands, {self.records} records"


class Twin(RuleBasedStateMachine):
    """``durable`` engines can also be closed and opened again in between."""

    _directories = counting()

    def __init__(self, open_engine: Open, root: Path, tally: Tally, *, durable: bool) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.reference = Reference()
        self.durable = durable
        self.tally = tally
        self._open = open_engine
        self._directory = root / f"example-{next(self._directories)}"
        self._directory.mkdir()
        self._runner = asyncio.Runner()
        self.start()

    def start(self) -> None:
        """Open the engine, on what it left when it was opened before."""
        self.engine = self._open(self._directory, self.clock)
        self._runner.run(self.engine.start())

    def stop(self) -> None:
        """Close the engine."""
        self._runner.run(self.engine.close())

    def teardown(self) -> None:
        """Audit the records, and let go of everything."""
        try:
            records = self._runner.run(audit(self.engine, self.clock))
            assert records == self.reference.records
            self.tally.examples += 1
            self.tally.records += records
        finally:
            self.stop()
            self._runner.close()

    def send(self, command: Command, key: IdempotencyKey | None = None) -> Outcome | Refusal:
        """Return the answer to one command, accepted or refused."""
        [answer] = self.send_at_once([command], key)
        return answer

    def send_at_once(
        self, commands: list[Command], key: IdempotencyKey | None = None
    ) -> list[Outcome | Refusal]:
        """Send commands side by side; return the answers in the order of sending."""

        async def one(command: Command) -> Outcome | Refusal:
            try:
                return await self.engine.transact(Envelope(command, "ann", "req-1", key))
            except Refusal as refusal:
                return refusal

        async def all_of_them() -> list[Outcome | Refusal]:
            return list(await asyncio.gather(*(one(command) for command in commands)))

        self.tally.commands += len(commands)
        return self._runner.run(all_of_them())

    def sweep(self) -> None:
        """Let the engine record what is due. In how many records is its own affair."""
        reference = self.reference
        due_levels = sum(reference.due_on(key) > 0 for key in KEYS)
        assert self._runner.run(self.engine.expire_due()) == due_levels
        expired: list[str] = []
        for record in self._runner.run(self.engine.records(reference.records, 100)):
            for event in record.events:
                assert isinstance(event, ReservationExpired)
                expired.append(event.reservation_id)
            for level in record.levels:
                reference.version[level.key] += 1
            reference.records += 1
        assert sorted(expired) == sorted(reference.end_due())

    def compare(self) -> None:
        """Read everything, and compare it with what the reference says."""
        self._runner.run(self._compare())

    async def _compare(self) -> None:
        reference = self.reference
        pages = {}
        for store_id in ("east", "west"):
            for page_level in await self.engine.list_levels(store_id, "", len(KEYS)):
                pages[page_level.key] = page_level
        assert list(pages) == sorted(reference.on_hand)
        for key in KEYS:
            level = await self.engine.find_level(key)
            assert level == pages.get(key)
            if level is not None:
                assert level.on_hand == reference.on_hand[key]
                assert level.reserved == reference.reserved(key)
                assert level.version == reference.version[key]
                assert level.available >= 0
        for name in reference.held:
            held = await self.engine.find_reservation(name)
            assert held is not None
            assert held.status == reference.status(name)
            assert {line.key: line.qty for line in held.lines} == reference.held[name].lines
        assert self.engine.status().sequence == reference.records
