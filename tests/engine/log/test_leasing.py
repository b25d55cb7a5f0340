"""What a command passes before its turn: its first answer, or leases, or a clear no."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest
from msgspec import Raw

from surestock.engine.log import LogConfig, LogObserver
from surestock.engine.log.memory import Memory
from surestock.engine.log.repeats import Repeats
from surestock.engine.log.shared import leasing
from surestock.engine.log.shared.following import Following
from surestock.engine.log.shared.leasing import Leasing
from surestock.idempotency import IdempotencyInFlight, IdempotencyKey
from surestock.inventory.commands import ExpireReservations
from surestock.inventory.refusals import NotFound
from surestock.inventory.reply import Reply
from surestock.inventory.unavailable import LockHeld, LockLost, ReadOnly
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Outcome
from surestock.locking import Grip, LeaseHeld, LeaseLost, Leases
from tests.engine.log.bench import count, sent

APPLE = "s1/apple"


class FakeLeases:
    """Gives what nobody else has. ``held`` tells who has a key and about what; ``lost`` too."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[str, str]] = {}
        self.lost: str | None = None
        self.asked: list[tuple[list[str], str]] = []
        self.out: list[Grip] = []
        self.on_ask: Callable[[], None] = lambda: None

    async def acquire(self, keys: Sequence[str], about: str = "") -> Grip:
        self.asked.append((list(keys), about))
        self.on_ask()
        await asyncio.sleep(0)
        for key in keys:
            if key in self.held:
                raise LeaseHeld(key, *self.held[key])
        grip = Grip([], bare=False)
        self.out.append(grip)
        return grip

    async def confirm(self, grip: Grip) -> None:
        assert grip in self.out
        if self.lost is not None:
            raise LeaseLost(self.lost)

    async def release(self, *grips: Grip) -> None:
        # As leases promise it: cancelled, it is done all the same.
        for grip in grips:
            self.out.remove(grip)
        await asyncio.sleep(0)


class Desk:
    """A leasing with everything around it fake, but the memory."""

    def __init__(self, root: Path) -> None:
        self.clock = ManualClock()
        self.leases = FakeLeases()
        self.memory = Memory(LogConfig(root / "event-log"), LogObserver())
        self.answer: Outcome | Exception = Outcome(Reply(Raw(b"{}")), 7, replayed=True)
        self.fresh_times = 0
        self.on_fresh: Callable[[], None] = lambda: None
        self.leasing = Leasing(
            cast("Leases", self.leases),
            cast("Following", self),
            cast("Repeats", self),
            self.memory,
            self.clock,
            join_timeout_s=5,
            retry_after_s=3,
        )

    async def fresh(self) -> None:
        self.fresh_times += 1
        self.on_fresh()

    async def answer_to(self, _key: IdempotencyKey) -> Outcome | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def know(self, key: IdempotencyKey) -> None:
        """Let another process have answered ``key``, as if that was followed by now."""
        if not self.memory.knows(key):
            self.memory.keys.add(key.digest, 7, self.clock.now())


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(leasing, "_ASK_EVERY_S", 0)
    return Desk(tmp_path)


async def test_a_command_takes_the_leases_on_what_it_changes_all_at_once(desk: Desk) -> None:
    entered = await desk.leasing.enter(sent(count(1)))
    assert desk.leases.asked == [([APPLE], "")]
    assert desk.leases.out == [entered]
    await desk.leasing.confirm(entered)
    await desk.leasing.leave(entered)
    assert desk.leases.out == []


async def test_what_the_service_does_by_itself_takes_none(desk: Desk) -> None:
    entered = await desk.leasing.enter(sent(ExpireReservations("s1", "apple")))
    assert entered is None
    assert desk.leases.asked == []
    await desk.leasing.confirm(entered)
    await desk.leasing.leave(entered)


async def test_a_held_lease_is_refused_at_once_and_names_who_has_it(desk: Desk) -> None:
    desk.leases.held[APPLE] = ("till-2", "")
    with pytest.raises(LockHeld) as refused:
        await desk.leasing.enter(sent(count(1)))
    held = refused.value
    assert (held.key, held.holder, held.retry_after_s) == (APPLE, "till-2", 3)
    assert len(desk.leases.asked) == 1


async def test_a_lease_that_is_held_about_another_key_is_refused_at_once(desk: Desk) -> None:
    other = sent(count(1), "other").idempotency
    assert other is not None
    desk.leases.held[APPLE] = ("till-2", other.digest)
    with pytest.raises(LockHeld):
        await desk.leasing.enter(sent(count(1), "k1"))
    assert len(desk.leases.asked) == 1


async def test_the_others_are_followed_before_a_first_answer_is_looked_for(desk: Desk) -> None:
    envelope = sent(count(1), "k1")
    key = envelope.idempotency
    assert key is not None
    desk.on_fresh = lambda: desk.know(key)
    assert await desk.leasing.enter(envelope) is desk.answer
    assert desk.leases.asked == []


async def test_a_first_answer_that_was_a_refusal_is_raised_without_a_lease(desk: Desk) -> None:
    envelope = sent(count(1), "k1")
    assert envelope.idempotency is not None
    desk.know(envelope.idempotency)
    desk.answer = NotFound("SKU apple")
    with pytest.raises(NotFound):
        await desk.leasing.enter(envelope)
    assert desk.leases.asked == []


async def test_a_repeat_waits_for_the_first_that_another_process_is_at(desk: Desk) -> None:
    envelope = sent(count(1), "k1")
    key = envelope.idempotency
    assert key is not None
    desk.leases.held[APPLE] = ("till-2", key.digest)

    def third_time() -> None:
        if len(desk.leases.asked) == 3:
            desk.know(key)

    desk.leases.on_ask = third_time
    assert await desk.leasing.enter(envelope) is desk.answer
    assert [about for _, about in desk.leases.asked] == [key.digest] * 3
    assert desk.leases.out == []


async def test_a_repeat_goes_on_itself_when_the_first_gave_its_lease_back(desk: Desk) -> None:
    envelope = sent(count(1), "k1")
    key = envelope.idempotency
    assert key is not None
    desk.leases.held[APPLE] = ("till-2", key.digest)

    def second_time() -> None:
        if len(desk.leases.asked) == 2:
            desk.leases.held.clear()

    desk.leases.on_ask = second_time
    assert await desk.leasing.enter(envelope) is desk.leases.out[0]


async def test_a_repeat_does_not_wait_for_longer_than_it_may(desk: Desk) -> None:
    envelope = sent(count(1), "k1")
    assert envelope.idempotency is not None
    desk.leases.held[APPLE] = ("till-2", envelope.idempotency.digest)
    desk.leases.on_ask = lambda: desk.clock.advance(1)
    with pytest.raises(IdempotencyInFlight):
        await desk.leasing.enter(envelope)
    assert len(desk.leases.asked) == 5


async def test_a_log_that_cannot_be_followed_lets_nobody_enter(desk: Desk) -> None:
    def fail() -> None:
        raise ReadOnly

    desk.on_fresh = fail
    with pytest.raises(ReadOnly):
        await desk.leasing.enter(sent(count(1)))
    assert desk.leases.asked == []


async def test_a_lease_that_was_lost_is_told_by_its_key(desk: Desk) -> None:
    entered = await desk.leasing.enter(sent(count(1)))
    desk.leases.lost = APPLE
    with pytest.raises(LockLost) as lost:
        await desk.leasing.confirm(entered)
    assert lost.value.key == APPLE


async def test_of_many_each_has_its_answer_in_its_place(desk: Desk) -> None:
    desk.leases.held["s1/pear"] = ("till-2", "")
    answered = sent(count(1), "answered")
    assert answered.idempotency is not None
    desk.know(answered.idempotency)
    expiry = sent(ExpireReservations("s1", "fig"))
    entered = await desk.leasing.enter_each(
        [sent(count(1)), sent(count(1, "pear")), expiry, answered]
    )
    assert entered[0] is desk.leases.out[0]
    assert isinstance(entered[1], LockHeld)
    assert entered[2:] == [None, desk.answer]
    await desk.leasing.leave(*entered)
    assert desk.leases.out == []


async def test_of_many_none_keeps_a_lease_when_a_defect_stops_them(desk: Desk) -> None:
    answered = sent(count(1), "answered")
    assert answered.idempotency is not None
    desk.know(answered.idempotency)
    desk.answer = ZeroDivisionError()
    with pytest.raises(ExceptionGroup):
        await desk.leasing.enter_each([sent(count(1)), sent(count(2)), answered])
    assert desk.leases.out == []


async def test_whoever_is_cancelled_gives_its_leases_back_all_the_same(desk: Desk) -> None:
    entered = await desk.leasing.enter_each([sent(count(1)), sent(count(1, "pear"))])
    leaving = asyncio.get_running_loop().create_task(desk.leasing.leave(*entered))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    assert leaving.cancelled()
    assert desk.leases.out == []
