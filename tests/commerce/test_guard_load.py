"""A platform that is down is left alone, and a slow one takes no more than its places."""

import asyncio
from typing import Any

import pytest

from surestock.commerce.errors import (
    BadAnswer,
    CommerceError,
    Conflict,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.observer import Verb
from surestock.resilience.breaker import BreakerConfig, BreakerState
from tests.commerce.puppet import CART, Act, Rig
from tests.resilience.virtual_loop import VirtualLoop

_ONE_TRY = GuardConfig(retries=0, breaker=BreakerConfig(threshold=3, cooldown_s=5))
_TIGHT = GuardConfig(retries=0, places=2, order_places=1, most_waiting=2, longest_wait_s=2)


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Time passes at once."""
    return "asyncio", {"loop_factory": VirtualLoop}


async def _silence() -> None:
    await asyncio.Event().wait()


async def _fail(rig: Rig, verb: Verb = "read_cart") -> CommerceError:
    with pytest.raises(CommerceError) as raised:
        await rig.call(verb)
    return raised.value


async def _opened(*then: Act) -> Rig:
    rig = Rig(*[Unavailable("down")] * 3, *then, config=_ONE_TRY)
    for _ in range(3):
        await _fail(rig)
    assert rig.guard.breaker.state is BreakerState.OPEN
    rig.puppet.calls.clear()
    rig.notes.outcomes.clear()
    return rig


@pytest.mark.parametrize(
    "failure",
    [Unavailable("down"), BadAnswer("html"), OutcomeUnknown("lost"), RuntimeError("bug"), _silence],
    ids=repr,
)
@pytest.mark.parametrize("verb", ["read_cart", "place_order"])
async def test_failures_in_a_row_open_the_breaker(verb: Verb, failure: Act) -> None:
    rig = Rig(*[failure] * 3, config=_ONE_TRY)
    for _ in range(3):
        assert rig.guard.breaker.state is BreakerState.CLOSED
        await _fail(rig, verb)
    assert rig.guard.breaker.state is BreakerState.OPEN
    assert rig.notes.breaker_states == ["open 1"]


@pytest.mark.parametrize("answer", [Conflict("no"), RateLimited(9), CART], ids=repr)
async def test_whoever_answers_sense_is_well(answer: Act) -> None:
    down = Unavailable("down")
    rig = Rig(down, down, answer, down, down, answer, down, config=_ONE_TRY)
    for _ in range(7):
        try:
            await rig.call("read_cart")
        except CommerceError:
            continue
    assert len(rig.puppet.calls) == 7
    assert rig.guard.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize("verb", ["read_cart", "place_order"])
async def test_while_it_is_open_nothing_is_sent(verb: Verb) -> None:
    rig = await _opened()
    error = await _fail(rig, verb)
    assert isinstance(error, Unavailable)
    assert error.retry_after_s == 5
    assert rig.puppet.calls == []
    assert rig.notes.outcomes == ["not_tried"]


async def test_after_the_cooldown_one_probe_is_sent_and_closes_it() -> None:
    gate = asyncio.Event()

    async def probe() -> object:
        await gate.wait()
        return CART

    rig = await _opened(probe)
    rig.clock.advance(5)
    async with asyncio.TaskGroup() as group:
        probing = group.create_task(rig.call("read_cart"))
        await asyncio.sleep(0.1)
        assert isinstance(await _fail(rig), Unavailable)
        assert rig.puppet.calls == ["read_cart"]
        gate.set()
    assert probing.result() is CART
    assert rig.guard.breaker.state is BreakerState.CLOSED
    assert rig.notes.breaker_states == ["open 1", "half_open 1", "closed 1"]
    await rig.call("read_cart")


async def test_a_probe_that_fails_opens_it_again() -> None:
    rig = await _opened(Unavailable("down"))
    rig.clock.advance(5)
    await _fail(rig)
    assert rig.notes.breaker_states[-1] == "open 2"
    await _fail(rig)
    assert len(rig.puppet.calls) == 1


async def test_a_probe_that_is_cancelled_does_not_block_the_next_one() -> None:
    rig = await _opened(_silence)
    rig.clock.advance(5)
    task = asyncio.get_running_loop().create_task(rig.call("read_cart"))
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    rig.clock.advance(5)
    assert await rig.call("read_cart") is CART


async def test_a_probe_that_finds_no_place_does_not_block_the_next_one() -> None:
    config = GuardConfig(retries=0, places=1, most_waiting=0, breaker=BreakerConfig(threshold=1))
    rig = Rig(_silence, Unavailable("down"), config=config)
    async with asyncio.TaskGroup() as group:
        group.create_task(_fail(rig))
        await asyncio.sleep(0.1)
        await _fail(rig, "place_order")
        rig.clock.advance(5)
        await _fail(rig)
        assert rig.notes.outcomes[-1] == "shed"
        assert rig.guard.breaker.state is BreakerState.OPEN
    rig.clock.advance(5)
    assert await rig.call("read_cart") is CART


async def test_a_retry_ends_when_the_breaker_opens() -> None:
    config = GuardConfig(retries=9, breaker=BreakerConfig(threshold=2))
    rig = Rig(*[Unavailable("down")] * 9, config=config)
    await _fail(rig)
    assert len(rig.puppet.calls) == 2


async def test_a_slow_platform_takes_no_more_than_its_places() -> None:
    rig = Rig(*[_silence] * 9, config=_TIGHT)
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(_fail(rig))
        await asyncio.sleep(0.1)
        started = loop.time()
        waits = group.create_task(_fail(rig))
        await asyncio.sleep(0)
        assert isinstance(await _fail(rig), Unavailable)
        assert loop.time() == started  # no room to wait: told at once
        assert len(rig.puppet.calls) == 2
        assert isinstance(await waits, Unavailable)
        assert loop.time() - started == pytest.approx(2)
    assert rig.puppet.calls == ["read_cart"] * 2
    assert rig.notes.outcomes == ["shed", "shed", "too_slow", "too_slow"]


async def test_whoever_waited_while_the_breaker_opened_is_not_sent() -> None:
    async def break_off() -> None:
        await asyncio.sleep(1)
        raise Unavailable("down")

    config = GuardConfig(retries=0, places=1, breaker=BreakerConfig(threshold=1))
    rig = Rig(break_off, config=config)
    async with asyncio.TaskGroup() as group:
        for _ in range(2):
            group.create_task(_fail(rig))
    assert rig.puppet.calls == ["read_cart"]
    assert rig.notes.outcomes == ["Unavailable", "not_tried"]


async def test_every_place_comes_back() -> None:
    rig = Rig(config=_TIGHT)
    ends: list[Act] = [CART, None, RuntimeError("bug"), Conflict("no"), Unavailable("no"), _silence]
    for end in ends * 2:
        rig.puppet.acts = [end]
        try:
            await rig.call("read_cart")
        except CommerceError:
            rig.clock.advance(60)
    async with asyncio.TaskGroup() as group:
        rig.puppet.acts = [_silence, _silence]
        for _ in range(2):
            group.create_task(_fail(rig))
        await asyncio.sleep(0.1)
        assert rig.puppet.acts == []
