"""Members on one log that may die at any step of a write, and begin again."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

from surestock.engine.log import LogConfig
from surestock.engine.log.shared import SharedLogEngine
from surestock.engine.log.upkeep import UpkeepConfig, upkeep
from surestock.journal.append import AppendConfig
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.position import LogPosition
from surestock.kit import failpoints
from surestock.kit.clock import Clock, ManualClock
from surestock.locking import LeaseConfig, Leases
from surestock.resilience.breaker import BreakerConfig
from surestock.telemetry.locks import LockMetrics
from surestock.telemetry.log import make_log
from tests.engine.members import Member

STEPS = (
    "journal.write",
    "half a line",
    "journal.fdatasync",
    "before the frontier",
    "behind the frontier",
    "journal.segment.create",
    "half a header",
    "journal.segment.write",
    "journal.segment.fdatasync",
    "directory.fsync",
)
"""Where whoever writes may die."""

MENDING = ("settle.fsync", "repair.copy.fsync", "repair.truncate.fsync", "repair.unlink")
"""Where whoever makes a dead one's end sound may die."""

_CUT = {"half a line": "journal.write", "half a header": "journal.segment.write"}
_AFTER_CUT = {"half a line": "journal.truncate", "half a header": "journal.segment.create"}


_HELD_AT_MOST_S = 60.0


class Death(BaseException):
    """The process is gone: nothing of it goes on, and nobody is answered."""


class Held:
    """Somebody who has come to a step, and does not go on until that is set."""

    def __init__(self) -> None:
        self.reached = Event()
        self.go_on = Event()

    def wait(self) -> None:
        """Come to it, in a thread."""
        self.reached.set()
        self.go_on.wait(_HELD_AT_MOST_S)


class Doom:
    """Lets whoever comes to a step next die there, once."""

    def __init__(self) -> None:
        self._step = ""
        self._left = 0
        self._held: dict[str, Held] = {}
        self.deaths: dict[str, int] = {}

    def hold(self, step: str) -> Held:
        """Let whoever comes to ``step`` next wait there."""
        held = self._held[step] = Held()
        return held

    def arm(self, step: str, after: int = 0) -> None:
        """Let ``after`` more go by first."""
        self._step, self._left = step, after

    def disarm(self) -> None:
        """Let nobody die."""
        self._step = ""

    @property
    def is_armed(self) -> bool:
        """Whether somebody is to die yet."""
        return bool(self._step)

    def hit(self, name: str) -> None:
        """Die here, if that is meant, or wait."""
        held = self._held.pop(name, None)
        if held is not None:
            held.wait()
        step = self._step
        if name != step and not (self._left < 0 and name == _AFTER_CUT.get(step)):
            return
        self._left -= 1
        if self._left < 0:
            self._step = ""
            self.deaths[step] = self.deaths.get(step, 0) + 1
            raise Death(step)

    def cut(self, name: str, data: bytes) -> bytes:
        """Let only a half be written, and whoever tries again die before that."""
        if _CUT.get(self._step) != name:
            return data
        self._left -= 1
        return data if self._left >= 0 else data[: len(data) // 2]


@contextmanager
def doomed() -> Iterator[Doom]:
    """Stand at every step of a write, the one that tells the frontier included."""
    doom = Doom()
    told = FrontierPage.write

    def tell(page: FrontierPage, position: LogPosition) -> None:
        doom.hit("before the frontier")
        told(page, position)
        doom.hit("behind the frontier")

    def at(name: str) -> Callable[[], None]:
        return lambda: doom.hit(name)

    for name in {*STEPS, *MENDING, *_AFTER_CUT.values()} & failpoints.NAMES:
        failpoints.arm(name, at(name))
    for name in _CUT.values():
        failpoints.arm_cut(name, lambda data, name=name: doom.cut(name, data))  # type: ignore[misc]
    FrontierPage.write = tell  # type: ignore[assignment,method-assign]
    try:
        yield doom
    finally:
        FrontierPage.write = told  # type: ignore[method-assign]
        failpoints.disarm_all()


def config_in(root: Path, records: int = 3, breaker: BreakerConfig | None = None) -> LogConfig:
    """A log of short segments."""
    append = AppendConfig(segment_records=records, retry_times=1, retry_base_s=0.0)
    day = timedelta(hours=24)
    return LogConfig(root / "event-log", append, day, breaker=breaker or BreakerConfig())


class Player(Member):
    """A member that can be asleep, which follows nobody then, and can die."""

    def __init__(self, config: LogConfig, clock: Clock, leases: Leases | None = None) -> None:
        super().__init__(config, clock, leases)
        self.awake = asyncio.Event()
        self.awake.set()
        self.is_ending = False
        follows = self._following.fresh

        async def fresh() -> None:
            await self.awake.wait()
            await follows()

        self._following.fresh = fresh  # type: ignore[method-assign]

    @property
    def is_dead(self) -> bool:
        """Whether it cannot go on."""
        failure = self._core.health._failure  # noqa: SLF001 - to see it at once
        kept = self._kept is not None and self._kept.done()
        return kept or (failure is not None and failure.done())

    def check_death(self) -> None:
        """Raise what it ended with, unless that was a death that was meant."""
        failure = self._core.health._failure  # noqa: SLF001
        why = failure.result() if failure is not None and failure.done() else None
        if why is None and self._kept is not None and self._kept.done():
            why = self._kept.exception()
        while isinstance(why, BaseExceptionGroup):
            why = why.exceptions[0]
        if why is not None and not isinstance(why, Death):
            raise why

    async def bury(self) -> None:
        """Let go of what a dead member held, as the kernel does: nothing is written by that."""
        self.is_ending = True
        self.awake.set()
        if self._kept is not None:
            self._kept.cancel()
            await asyncio.wait([self._kept])
            if not self._kept.cancelled():
                self._kept.exception()
            self._kept = None
        await SharedLogEngine.close(self)


def leases_in(directory: Path, owners: Iterator[int], clock: Clock) -> Leases:
    """Leases of the next owner."""
    config = LeaseConfig(directory, f"owner-{next(owners)}", 2.0, 1.0, BreakerConfig())
    log = make_log(lambda _line: None, clock, "error")
    return Leases(config, clock, LockMetrics(), log)


async def is_decided(member: Player) -> None:
    """Wait until a member has decided what it was sent, and not got it to the disk."""
    async with asyncio.timeout(_HELD_AT_MOST_S / 2):
        while not member.status().queue_depth:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.001)


def keep_up(config: LogConfig, clock: ManualClock) -> None:
    """Index, take snapshots, archive: what the worker does now and then."""
    upkeep(UpkeepConfig(config, snapshot_every=3), clock.now())


def waits_at(task: "asyncio.Task[None]") -> list[str]:
    """Return the names of what a task is in, the outermost first."""
    names = []
    inner: Any = task.get_coro()
    while inner is not None:
        names.append(getattr(inner, "__qualname__", type(inner).__name__))
        inner = getattr(inner, "cr_await", None) or getattr(inner, "ag_await", None)
    return names
