"""One queue a user over all processes: one is in anywhere, and no death or pause changes that."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surestock.locking.byte_locks import ByteLocks
from surestock.mirror import QueueFull, UserQueue
from surestock.mirror.across.file import FileTurns
from surestock.mirror.across.port import Across
from tests.mirror.kernel import Kernel, KernelLocks, Leases, NoLocks
from tests.mirror.shop import LoopClock, on_virtual_time

LONGEST_S = 0.05


class Inside:
    """Who is in, for each user, in whatever process."""

    def __init__(self) -> None:
        self.users: dict[str, str] = {}
        self.met = 0

    @asynccontextmanager
    async def of(self, user: str, name: str) -> AsyncIterator[None]:
        assert user not in self.users, f"{name} came in, and {self.users[user]} is"
        self.users[user] = name
        self.met += 1
        try:
            yield
        finally:
            del self.users[user]


async def crowd(queues: list[UserQueue], rounds: int) -> Inside:
    """Let three of each process come again and again, to two users."""
    inside = Inside()

    async def comes(queue: UserQueue, name: str) -> None:
        for number in range(rounds):
            user = "UV"[number % 2]
            async with queue.turn(user), inside.of(user, name):
                await asyncio.sleep(0.003)
            async with queue.try_turn(user) as has_turn:
                if has_turn:
                    async with inside.of(user, name):
                        await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        for place, queue in enumerate(queues):
            for number in range(3):
                tasks.create_task(comes(queue, f"{place}/{number}"))
    assert [len(queue) for queue in queues] == [0] * len(queues)
    return inside


def test_of_three_processes_one_is_in_for_a_user() -> None:
    async def story() -> None:
        kernel = Kernel()
        inside = await crowd([UserQueue(9, kernel.locks()) for _ in range(3)], rounds=40)
        assert inside.met >= 360
        assert not kernel.held

    on_virtual_time(story)


@pytest.mark.parametrize("make", [lambda: NoLocks(Kernel()), lambda: None])
def test_queues_that_know_nothing_of_each_other_are_caught(
    make: Callable[[], Across | None],
) -> None:
    async def story() -> None:
        await crowd([UserQueue(9, make()) for _ in range(3)], rounds=40)

    with pytest.raises(ExceptionGroup) as caught:
        on_virtual_time(story)
    assert caught.group_contains(AssertionError, match="came in, and")


async def test_of_three_processes_one_is_in_with_the_kernels_own_locks(tmp_path: Path) -> None:
    locks = [ByteLocks(tmp_path / "turns") for _ in range(3)]
    inside = await crowd([UserQueue(9, FileTurns(lock)) for lock in locks], rounds=10)
    assert inside.met >= 90
    assert await FileTurns(locks[0]).try_lock("U")
    async with UserQueue(0, FileTurns(locks[1])).try_turn("U") as has_turn:
        assert not has_turn
    locks[0].close()  # as a death does
    async with UserQueue(0, FileTurns(locks[1])).try_turn("U") as has_turn:
        assert has_turn
    for lock in locks:
        lock.close()


def test_whoever_waits_for_another_process_asks_at_growing_short_distances() -> None:
    async def story() -> None:
        kernel = Kernel()
        other, waits = kernel.locks(), []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            await asyncio.sleep(seconds)

        assert await other.try_lock("U")
        queue = UserQueue(9, kernel.locks(), sleep)
        waiting = asyncio.ensure_future(queue.turn("U").__aenter__())
        await asyncio.sleep(1.0)
        assert not waiting.done()
        assert waits[:5] == [0.005, 0.01, 0.02, 0.04, LONGEST_S]
        assert set(waits[5:]) == {LONGEST_S}
        began = LoopClock().monotonic()
        other.unlock("U")
        await waiting
        assert LoopClock().monotonic() - began <= LONGEST_S

    on_virtual_time(story)


def test_one_who_gives_up_waiting_for_another_process_leaves_nothing() -> None:
    async def story() -> None:
        for turns in range(12):
            kernel = Kernel()
            other, locks = kernel.locks(), kernel.locks()
            queue = UserQueue(9, locks)
            assert await other.try_lock("U")
            given_up = asyncio.ensure_future(_pass_through(queue))
            behind = asyncio.ensure_future(_pass_through(queue))
            await asyncio.sleep(0.004 * turns)
            given_up.cancel()
            other.unlock("U")
            await behind
            assert len(queue) == 0
            assert not kernel.held

    on_virtual_time(story)


async def _pass_through(queue: UserQueue) -> None:
    async with queue.turn("U"):
        await asyncio.sleep(0)


def test_a_turn_ends_with_its_process_and_not_while_that_stands_still() -> None:
    async def story() -> None:
        kernel = Kernel()
        stands, queue = kernel.locks(), UserQueue(9, kernel.locks())
        assert await stands.try_lock("U")
        stands.stands_since = 0.0
        waiting = asyncio.ensure_future(_pass_through(queue))
        await asyncio.sleep(1_000.0)
        assert not waiting.done()
        stands.die()
        await asyncio.wait_for(waiting, LONGEST_S)

    on_virtual_time(story)


def test_a_lease_would_let_another_one_in_beside_a_process_that_stands_still() -> None:
    async def story() -> None:
        kernel, clock = Kernel(), LoopClock()
        stands = Leases(kernel, clock.monotonic, 5.0)
        assert await stands.try_lock("U")
        stands.stands_since = clock.monotonic()
        await asyncio.wait_for(_pass_through(UserQueue(9, Leases(kernel, clock.monotonic, 5.0))), 6)

    on_virtual_time(story)


def test_who_only_tries_does_not_keep_his_own_process_out_meanwhile() -> None:
    async def story() -> None:
        kernel = Kernel()
        other, queue = kernel.locks(), UserQueue(0, kernel.locks())
        assert await other.try_lock("U")
        async with queue.try_turn("U") as has_turn:
            assert not has_turn
            assert len(queue) == 0
        other.unlock("U")
        await _pass_through(queue)

    on_virtual_time(story)


class Unusable(KernelLocks):
    """A file system without such locks."""

    async def try_lock(self, key: str) -> bool:
        raise OSError(key)


async def test_where_locks_fail_nobody_comes_in_and_nobody_is_kept_out() -> None:
    queue = UserQueue(0, Unusable(Kernel()))
    for _ in range(2):
        with pytest.raises(OSError, match="U"):
            await _pass_through(queue)
        with pytest.raises(OSError, match="U"):
            async with queue.try_turn("U"):
                pytest.fail("somebody is in")
        assert len(queue) == 0


def test_who_waits_for_another_process_is_within_the_bound_of_those_who_wait() -> None:
    async def story() -> None:
        kernel = Kernel()
        other, queue = kernel.locks(), UserQueue(1, kernel.locks())
        assert await other.try_lock("U")
        waiting = [asyncio.ensure_future(_pass_through(queue)) for _ in range(2)]
        await asyncio.sleep(0.1)
        with pytest.raises(QueueFull):
            await _pass_through(queue)
        other.unlock("U")
        await asyncio.gather(*waiting)

    on_virtual_time(story)


async def test_a_queue_of_one_process_asks_no_locks_and_says_so() -> None:
    assert not UserQueue(0).is_shared
    assert UserQueue(0, Kernel().locks()).is_shared
