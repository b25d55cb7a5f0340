"""One queue a user: in order, bounded, and clean after whatever happens in it."""

import asyncio

import pytest

from surestock.mirror import QueueFull, UserQueue


class Failed(Exception):
    """What poisons an operation."""


async def settle() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


class Operations:
    """Operations in a queue, each of which stays in until it is let go."""

    def __init__(self, queue: UserQueue) -> None:
        self.queue = queue
        self.order: list[str] = []
        self.inside: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go: dict[str, asyncio.Event] = {}
        self._fails: set[str] = set()

    async def come(self, *names: str, user: str = "U") -> None:
        for name in names:
            self._go[name] = asyncio.Event()
            self.tasks[name] = asyncio.create_task(self._run(name, user))
            await settle()

    def let_go(self, name: str, *, fail: bool = False) -> None:
        if fail:
            self._fails.add(name)
        self._go[name].set()

    async def end(self) -> None:
        for event in self._go.values():
            event.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        assert self.inside == []
        assert len(self.queue) == 0, "an idle user takes memory"

    async def _run(self, name: str, user: str) -> None:
        async with self.queue.turn(user):
            assert user not in self.inside, "two are in for one user"
            self.inside.append(user)
            self.order.append(name)
            try:
                await self._go[name].wait()
                if name in self._fails:
                    raise Failed(name)
            finally:
                self.inside.remove(user)


async def test_a_users_operations_run_one_by_one_in_the_order_of_their_coming() -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b", "c", "d")
    assert crowd.order == ["a"]
    await crowd.end()
    assert crowd.order == ["a", "b", "c", "d"]


async def test_different_users_do_not_wait_for_each_other() -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b")
    await crowd.come("x", user="V")
    assert crowd.order == ["a", "x"]
    assert len(crowd.queue) == 2
    await crowd.end()


async def test_a_poisoned_operation_lets_the_next_one_run_and_the_one_after_it() -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b", "c", "d")
    for failing, following in (("a", "b"), ("b", "c"), ("c", "d")):
        crowd.let_go(failing, fail=True)
        await settle()
        assert isinstance(crowd.tasks[failing].exception(), Failed)
        assert crowd.order[-1] == following
    await crowd.end()


@pytest.mark.parametrize("who", ["b", "c", "d"])
async def test_one_who_gives_up_waiting_is_passed_by(who: str) -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b", "c", "d")
    crowd.tasks[who].cancel()
    await settle()
    assert crowd.queue.waiting("U") == 2
    await crowd.end()
    assert crowd.order == [name for name in "abcd" if name != who]


async def test_one_who_is_cancelled_at_the_hand_over_gives_the_turn_to_the_next() -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b", "c")
    crowd.let_go("a")
    # One turn of the loop lets "a" hand over to "b", which has not run yet.
    while not crowd.tasks["a"].done():
        await asyncio.sleep(0)
        if crowd.inside == []:
            break
    crowd.tasks["b"].cancel()
    await settle()
    assert crowd.order == ["a", "c"]
    await crowd.end()


async def test_one_who_is_cancelled_inside_gives_the_turn_to_the_next() -> None:
    crowd = Operations(UserQueue(10))
    await crowd.come("a", "b")
    crowd.tasks["a"].cancel()
    await settle()
    assert crowd.order == ["a", "b"]
    await crowd.end()


async def test_over_the_bound_it_refuses_at_once_and_other_users_are_served() -> None:
    crowd = Operations(UserQueue(2))
    await crowd.come("a", "b", "c", "d")
    refusal = crowd.tasks["d"].exception()
    assert isinstance(refusal, QueueFull)
    assert refusal.retry_after_s >= 1
    assert crowd.queue.refused == 1
    await crowd.come("x", user="V")
    crowd.let_go("a")
    await settle()
    await crowd.come("e")
    assert crowd.order == ["a", "x", "b"]
    await crowd.end()
    assert crowd.order == ["a", "x", "b", "c", "e"]


async def test_who_only_tries_never_waits_and_never_barges_in() -> None:
    crowd = Operations(UserQueue(0))
    await crowd.come("a")
    async with crowd.queue.try_turn("U") as has_turn:
        assert not has_turn
    assert crowd.inside == ["U"]
    crowd.let_go("a")
    await settle()
    with pytest.raises(Failed):
        await fails_in_its_turn(crowd.queue)
    await crowd.end()


async def fails_in_its_turn(queue: UserQueue) -> None:
    async with queue.try_turn("U") as has_turn:
        assert has_turn
        raise Failed


def test_a_bound_below_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot wait"):
        UserQueue(-1)
