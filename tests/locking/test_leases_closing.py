"""Whoever shuts down gives back what it has, whatever is under way."""

import asyncio
import threading

import pytest

from surestock.locking.lease import FileLeases
from surestock.resilience.breaker import BreakerState
from tests.locking.lease_house import COOLDOWN_S, FAILURES, TTL_S, House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")
_THREAD = "surestock-leases"


async def test_closing_releases_all_that_is_held(home: House) -> None:
    grips = [await home.leases.acquire([key]) for key in ("a", "b", "b")]
    await home.leases.close()
    assert home.names() == []
    for grip in grips:
        await home.leases.confirm(grip)
        await home.leases.release(grip)
    assert home.counted() == {"acquired": 2}


async def test_closing_releases_what_is_just_being_acquired(home: House) -> None:
    acquiring = asyncio.gather(*(home.leases.acquire([key]) for key in "abc"))
    await asyncio.sleep(0)
    await home.leases.close()
    assert home.names() == []
    for grip in await acquiring:
        await home.leases.release(grip)


async def test_closing_goes_on_past_what_cannot_be_released(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = FileLeases.release

    def release(leases: FileLeases, lease: object) -> None:
        if getattr(lease, "key", "") == "a":
            raise OSError(30, "Read-only file system")
        real(leases, lease)  # type: ignore[arg-type]

    for key in "abc":
        await home.leases.acquire([key])
    monkeypatch.setattr(FileLeases, "release", release)
    await home.leases.close()
    assert len(home.names()) == 1
    assert home.counted() == {"acquired": 3, "release_failures": 1}


async def test_closing_does_not_touch_what_another_process_took_over(home: House) -> None:
    await home.leases.acquire(["k"])
    home.clock.advance(TTL_S)
    await home.neighbour.acquire("k")
    await home.leases.close()
    assert await home.neighbour.is_locked("k")
    assert home.counted() == {"acquired": 1, "expired": 1, "lost": 1}


async def test_after_the_end_nothing_is_acquired_renewed_or_probed(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    for _ in range(2):
        await home.leases.close()
    home.clock.advance(TTL_S)
    await home.leases.look()
    await home.leases.confirm(grip)
    assert grip.bare
    late = await home.leases.acquire(["k"])
    assert late.bare
    await home.leases.release(late)
    assert home.names() == []


async def test_after_the_end_a_failed_directory_is_not_probed(home: House) -> None:
    await home.settled()
    home.break_directory()
    for _ in range(FAILURES):
        await home.leases.acquire(["k"])
    await home.leases.close()
    home.clock.advance(COOLDOWN_S)
    await home.leases.look()
    assert home.leases.breaker is BreakerState.OPEN


async def test_its_thread_starts_with_the_first_lease_and_ends_with_the_close(home: House) -> None:
    await home.leases.acquire([])
    await home.leases.close()
    assert _THREAD not in [each.name for each in threading.enumerate()]


async def test_its_thread_is_gone_after_the_close(home: House) -> None:
    await home.leases.acquire(["k"])
    [thread] = [each for each in threading.enumerate() if each.name == _THREAD]
    await home.leases.close()
    await asyncio.to_thread(thread.join, 60)
    assert not thread.is_alive()


async def test_a_close_that_is_cancelled_gives_everything_back_all_the_same(home: House) -> None:
    await home.leases.acquire(["k"])
    closing = asyncio.get_running_loop().create_task(home.leases.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    await home.leases.close()
    assert home.names() == []
