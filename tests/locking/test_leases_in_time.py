"""A lease that is needed for long is renewed, and one that was lost is found before it is used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest

from surestock.locking import LeaseHeld, LeaseLost
from surestock.locking.lease import FileLeases, Lease
from tests.locking.lease_house import RENEW_S, TTL_S, House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_what_is_held_for_long_is_renewed_before_its_time_is_over(home: House) -> None:
    grip = await home.leases.acquire(["k"], "about")
    for _ in range(20):
        home.clock.advance(RENEW_S)
        await home.leases.look()
        with pytest.raises(LeaseHeld) as held:
            await home.neighbour.acquire("k")
        assert held.value.about == "about"
    await home.leases.confirm(grip)
    assert home.counted() == {"acquired": 1}


async def test_what_is_held_for_a_short_time_is_left_alone(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(RENEW_S * 0.9)
    await home.leases.look()
    home.clock.advance(TTL_S - RENEW_S * 0.9)
    await home.neighbour.acquire("k")
    with pytest.raises(LeaseLost):
        await home.leases.confirm(grip)


async def test_run_looks_several_times_in_the_time_after_which_leases_are_renewed(
    home: House,
) -> None:
    async with _running(home):
        await home.leases.acquire(["k"])
        for _ in range(40):
            home.clock.advance(RENEW_S / 4)
            await home.wake()
        with pytest.raises(LeaseHeld):
            await home.neighbour.acquire("k")
        assert set(home.slept) == {RENEW_S / 4}


async def test_what_is_not_over_is_confirmed_without_waiting_for_anything(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(TTL_S * 0.999)
    with pytest.raises(StopIteration):
        home.leases.confirm(grip).send(None)


async def test_a_lease_whose_time_is_over_is_renewed_when_nobody_took_it(home: House) -> None:
    grip = await home.leases.acquire(["a", "b"])
    for _ in range(3):
        home.clock.advance(TTL_S)
        await home.leases.confirm(grip)
        assert not grip.bare
        with pytest.raises(LeaseHeld):
            await home.neighbour.acquire("b")
        await home.leases.confirm(grip)
    assert home.counted() == {"acquired": 2, "expired": 6}


@pytest.mark.parametrize("lost", ["a", "b"])
@pytest.mark.parametrize("released", [False, True])
async def test_a_lease_that_another_process_took_over_is_lost(
    home: House, lost: str, *, released: bool
) -> None:
    grip = await home.leases.acquire(["a", "b"])
    home.clock.advance(TTL_S)
    lease = await home.neighbour.acquire(lost)
    if released:
        await home.neighbour.release(lease)
    for _ in range(2):
        with pytest.raises(LeaseLost) as found:
            await home.leases.confirm(grip)
        assert found.value.key == lost
    await home.leases.release(grip)
    assert await home.neighbour.is_locked(lost) is not released, "and is not ours to release"
    assert home.counted() == {"acquired": 2, "expired": 2, "lost": 1}


async def test_all_who_shared_a_lease_lose_it_and_those_who_come_anew_do_not(home: House) -> None:
    old = [await home.leases.acquire(["k"]) for _ in range(3)]
    home.clock.advance(TTL_S)
    lease = await home.neighbour.acquire("k")
    with pytest.raises(LeaseLost):
        await home.leases.confirm(old[0])
    with pytest.raises(LeaseHeld):
        await home.leases.acquire(["k"])
    await home.neighbour.release(lease)
    new = await home.leases.acquire(["k"])
    for grip in old:
        with pytest.raises(LeaseLost):
            await home.leases.confirm(grip)
        await home.leases.release(grip)
    await home.leases.confirm(new)
    assert await home.neighbour.is_locked("k"), "the old ones released the new one's"
    await home.leases.release(new)
    assert not await home.neighbour.is_locked("k")


async def test_a_loss_that_a_renewal_came_upon_is_known_without_asking_again(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(TTL_S)
    await home.neighbour.acquire("k")
    await home.leases.look()
    assert home.counted() == {"acquired": 1, "expired": 1, "lost": 1}
    with pytest.raises(LeaseLost):
        await home.leases.confirm(grip)
    assert home.counted() == {"acquired": 1, "expired": 1, "lost": 1}


async def test_a_loss_that_the_release_came_upon_hurts_nobody(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(TTL_S)
    await home.neighbour.acquire("k")
    await home.leases.release(grip)
    assert await home.neighbour.is_locked("k")
    assert home.counted() == {"acquired": 1, "expired": 1, "lost": 1}


async def test_many_who_confirm_at_once_renew_once(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    renewed = []
    real = FileLeases.renew

    def renew(leases: FileLeases, lease: Lease, ttl_s: float) -> Lease:
        renewed.append(lease.key)
        return real(leases, lease, ttl_s)

    monkeypatch.setattr(FileLeases, "renew", renew)
    grips = [await home.leases.acquire(["k"]) for _ in range(5)]
    home.clock.advance(TTL_S)
    await asyncio.gather(*(home.leases.confirm(grip) for grip in grips), home.leases.look())
    assert renewed == ["k"]
    assert home.counted() == {"acquired": 1, "expired": 1}


async def test_a_lease_that_is_released_while_it_is_renewed_is_gone(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(RENEW_S)
    await asyncio.gather(home.leases.look(), home.leases.release(grip))
    assert not await home.neighbour.is_locked("k")
    grip = await home.leases.acquire(["k"])
    home.clock.advance(RENEW_S)
    await asyncio.gather(home.leases.release(grip), home.leases.look())
    assert not await home.neighbour.is_locked("k")


async def test_a_loss_that_renewal_and_release_come_upon_is_counted_once(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.clock.advance(TTL_S)
    await home.neighbour.acquire("k")
    await asyncio.gather(home.leases.look(), home.leases.release(grip))
    assert home.counted() == {"acquired": 1, "expired": 1, "lost": 1}


@asynccontextmanager
async def _running(home: House) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(home.leases.run())
        yield
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
