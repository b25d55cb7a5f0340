"""One of several processes, broken: it trusts what it knew, and not what the others did since."""

import fcntl
import importlib
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from surestock.idempotency import NoKeys

_LATE_S = 0.01
_PATIENT_S = 120.0


def _class(module: str, name: str) -> Any:
    return vars(importlib.import_module(f"surestock.{module}"))[name]


def _let_leases_be_lost() -> None:
    async def confirm(self: Any, entered: Any) -> None:
        del self, entered

    _class("engine.log.shared.leasing", "Leasing").confirm = confirm


def _write_slowly() -> None:
    """Give two that write at once the time to meet."""
    really_write = os.pwrite

    def pwrite(fd: int, data: bytes, offset: int, /) -> int:
        time.sleep(_LATE_S)
        return really_write(fd, data, offset)

    vars(os).update(pwrite=pwrite)


def patient_turn() -> None:
    """A turn at the log is waited for very long: no fault, but for tests that may stand still."""
    turns = vars(importlib.import_module("surestock.engine.log.shared.turns"))
    assert "_WAIT_S" in turns
    turns.update(_WAIT_S=_PATIENT_S)


def no_lease_check() -> None:
    """Nobody asks whether a lease is still there before deciding under it."""
    patient_turn()
    _let_leases_be_lost()


def stale_turn() -> None:
    """What is decided in a turn is decided on what was known when the command came."""
    patient_turn()
    _let_leases_be_lost()
    _write_slowly()
    leasing = _class("engine.log.shared.leasing", "Leasing")
    following = _class("engine.log.shared.following", "Following")
    enter, fresh = leasing.enter, following.fresh
    has_come = False

    async def enter_and_go_deaf(self: Any, envelope: Any) -> Any:
        nonlocal has_come
        entered = await enter(self, envelope)
        has_come = True
        return entered

    async def fresh_if_nobody_has_come(self: Any) -> None:
        if not has_come:
            await fresh(self)

    async def begin(self: Any, told: Any) -> None:
        nonlocal has_come
        vars(self._core).update(sequence=told.sequence, _sequence=told.sequence)
        self.position = told
        self._is_writing = True
        has_come = False

    leasing.enter = enter_and_go_deaf
    following.fresh = fresh_if_nobody_has_come
    following.begin = begin


def deaf_reads() -> None:
    """A read shows what this process knew in its last turn, and not what the others did since."""
    following = _class("engine.log.shared.following", "Following")
    begin, fresh = following.begin, following.fresh
    has_begun = False

    async def begin_and_go_deaf(self: Any, told: Any) -> None:
        nonlocal has_begun
        await begin(self, told)
        has_begun = True

    async def fresh_before_the_first_turn(self: Any) -> None:
        if not has_begun:
            await fresh(self)

    following.begin = begin_and_go_deaf
    following.fresh = fresh_before_the_first_turn


def reads_of_the_overlay() -> None:
    """A read shows what is decided here and not durable yet; the write takes its time."""
    _write_slowly()

    async def find_level(self: Any, key: Any) -> Any:
        await self._following.fresh()
        return self._memory.overlay.level(key)

    _class("engine.log.shared.fresh_reads", "FreshReads").find_level = find_level


def no_writer_lock() -> None:
    """Whoever wants to write does."""
    _write_slowly()

    def try_take(self: Any) -> bool:
        del self
        return True

    _class("journal.writer_lock", "WriterLock").try_take = try_take


def blocking_turn() -> None:
    """Who waits for its turn at the log waits in the kernel, and does nothing else meanwhile."""

    def try_take(self: Any) -> bool:
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        return True

    _class("journal.writer_lock", "WriterLock").try_take = try_take


def own_keys_only() -> None:
    """What others answered to a key is nothing that this process knows of."""
    fold = _class("engine.log.shared.following", "_Fold")
    begin = fold.begin

    def begin_without_keys(self: Any, *line: Any) -> None:
        self._keys = NoKeys()
        begin(self, *line)

    fold.begin = begin_without_keys


def helpless_without_leases() -> None:
    """A lock directory that fails is an error, and the client's."""

    def bare(self: Any, shares: Any = ()) -> Any:
        del self, shares
        raise OSError("the lock directory cannot be used")

    setattr(_class("locking.leases", "Leases"), "_bare", bare)  # noqa: B010 - it is private


def forgotten_sums() -> None:
    """Who takes the place of a dead process begins to count at nothing."""

    def begin(self: Any) -> list[Any]:
        self._folder.mkdir(exist_ok=True)
        return []

    shared = _class("telemetry.shared_metrics", "SharedMetrics")
    setattr(shared, "_begin", begin)  # noqa: B010 - it is private


def kept_leases() -> None:
    """Leases are never given back, they run out."""

    def release(self: Any, lease: Any) -> None:
        del self, lease

    _class("locking.lease.files", "FileLeases").release = release


def of_workers(name: str, break_it: Callable[[], None]) -> Callable[[], None]:
    """Return what breaks the API processes that a parent starts; it is called ``name``."""

    def break_or_pass_on() -> None:
        if "--workers" not in sys.argv:
            break_it()
            return
        serve = importlib.import_module("surestock.runtime.fleet.serve")
        command = (sys.executable, "-m", "tests.proof.broken", name)
        words = ("serve", "--role", "api", "--supervised")
        vars(serve).update(run_fleet=partial(serve.run_fleet, command=(*command, *words)))

    return break_or_pass_on
