"""Engines with one flaw each, of a kind that is really shipped. Their rules are otherwise right."""

import asyncio
from datetime import datetime
from pathlib import Path

import msgspec

from surestock.engine.log import LogConfig, LogEngine
from surestock.engine.memory import MemoryEngine
from surestock.inventory.commands import AdjustStock, CountStock, ExtendReservation
from surestock.inventory.model import Level, Reservation, StockKey
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Envelope, Outcome
from tests.engine.engines import IDEMPOTENCY_TTL, REFUSALS, Open


class _Flawed(MemoryEngine):
    """Opened like every engine. Its bowels are at hand for what goes wrong below."""

    def __init__(self, _directory: Path, clock: Clock) -> None:
        super().__init__(clock, IdSource(), IDEMPOTENCY_TTL, REFUSALS)


class DecidesOnAStaleLevel(_Flawed):
    """Decides each command on the levels as they were before the command in front of it."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(directory, clock)
        self._before: dict[StockKey, Level] = {}
        self._view.level = self._stale  # type: ignore[assignment]

    def _stale(self, key: StockKey) -> Level | None:
        return self._before.get(key) or self._state.level(key)

    def _commit(self, envelope: Envelope) -> Outcome:
        before = dict(self._state.levels)
        outcome = super()._commit(envelope)
        self._before = before
        return outcome


class SkipsTheVersionCheck(_Flawed):
    """Lets a client with an old version overwrite what others have done since."""

    async def transact(self, envelope: Envelope) -> Outcome:
        if getattr(envelope.command, "expected_version", None) is not None:
            command = msgspec.structs.replace(envelope.command, expected_version=None)
            envelope = msgspec.structs.replace(envelope, command=command)
        return await super().transact(envelope)


class ReadsCountWhatIsDue(_Flawed):
    """Shows reserved units until a sweeper comes by."""

    async def find_level(self, key: StockKey) -> Level | None:
        return self._state.level(key)


class DecisionsCountWhatIsDue(_Flawed):
    """Refuses units that an expired reservation no longer owns."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(directory, clock)
        self._view.due = self._nothing  # type: ignore[method-assign]

    def _nothing(self, key: StockKey, now: datetime) -> list[Reservation]:
        return []


class ExpiresOneLevelOnly(_Flawed):
    """Ends a reservation, and gives back its units of the level that was asked for only."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(directory, clock)
        self._all_due = self._view.due
        self._view.due = self._one_line  # type: ignore[method-assign]

    def _one_line(self, key: StockKey, now: datetime) -> list[Reservation]:
        return [
            msgspec.structs.replace(
                held, lines=tuple(line for line in held.lines if line.key == key)
            )
            for held in self._all_due(key, now)
        ]


class LosesAnAcknowledgedChange(_Flawed):
    """Answers every fifth command without having kept what it did."""

    def _commit(self, envelope: Envelope) -> Outcome:
        levels, held = dict(self._state.levels), dict(self._state.reservations)
        outcome = super()._commit(envelope)
        if outcome.sequence % 5 == 0:
            self._state.levels.update(levels)
            self._state.reservations.update(held)
        return outcome


class ForgetsKeys(_Flawed):
    """Carries a repeated command out again."""

    async def transact(self, envelope: Envelope) -> Outcome:
        return await super().transact(msgspec.structs.replace(envelope, idempotency=None))


class ExtendsForGood(_Flawed):
    """Keeps the first time to expire in the timers, so an extended reservation is never swept."""

    def _commit(self, envelope: Envelope) -> Outcome:
        outcome = super()._commit(envelope)
        if isinstance(envelope.command, ExtendReservation):
            self._timers._heap.clear()  # noqa: SLF001 - the flaw
        return outcome


class WritesWhatItReadAWhileAgo(_Flawed):
    """Reads, lets others in, and writes the sum it has worked out meanwhile."""

    async def transact(self, envelope: Envelope) -> Outcome:
        command = envelope.command
        if isinstance(command, AdjustStock):
            level = self._state.levels[command.store_id, command.sku]
            await asyncio.sleep(0)
            count = CountStock(command.store_id, command.sku, level.on_hand + command.delta)
            envelope = msgspec.structs.replace(envelope, command=count)
        return await super().transact(envelope)


class ForgetsWhatIsNotDurableYet(LogEngine):
    """Decides on the durable state, while records that change it are on their way to the disk."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        super().__init__(LogConfig(directory), clock, IdSource())
        memory = self._memory
        memory.overlay.level = memory.state.level  # type: ignore[method-assign]


FLAWED: tuple[Open, ...] = (
    ForgetsWhatIsNotDurableYet,
    DecidesOnAStaleLevel,
    SkipsTheVersionCheck,
    ReadsCountWhatIsDue,
    DecisionsCountWhatIsDue,
    ExpiresOneLevelOnly,
    LosesAnAcknowledgedChange,
    ForgetsKeys,
    ExtendsForGood,
)
