"""Where the lease directory fails, commands go on without leases, and somebody is told."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from surestock.locking import LeaseHeld
from surestock.locking.lease import FileLeases
from surestock.resilience.breaker import BreakerState
from tests.locking.lease_house import COOLDOWN_S, FAILURES, RENEW_S, TTL_S, House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_a_command_gets_a_bare_grip(home: House) -> None:
    await home.settled()
    home.break_directory()
    grip = await home.leases.acquire(["a", "b"])
    assert grip.bare
    await home.leases.confirm(grip)
    await home.leases.release(grip)
    assert home.counted() == {"acquired": 1, "fallbacks": 1}
    assert len(home.leases) == 0


async def test_all_who_shared_the_attempt_are_bare_and_the_next_one_tries_anew(
    home: House,
) -> None:
    await home.settled()
    home.break_directory()
    grips = await asyncio.gather(*(home.leases.acquire(["k"]) for _ in range(3)))
    assert all(grip.bare for grip in grips)
    home.mend_directory()
    grip = await home.leases.acquire(["k"])
    assert not grip.bare
    for old in grips:
        await home.leases.release(old)
    assert await home.neighbour.is_locked("k"), "who had none released another's"


async def test_after_some_failures_the_directory_is_left_alone(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _fail(home)
    assert home.leases.breaker is BreakerState.OPEN
    monkeypatch.setattr(FileLeases, "acquire", None)
    for _ in range(20):
        grip = await home.leases.acquire(["k"])
        assert grip.bare
        await home.leases.release(grip)
    assert home.counted()["fallbacks"] == FAILURES + 20


async def test_a_person_is_told_in_words_and_the_log_once(home: House) -> None:
    assert home.leases.warnings() == []
    await _fail(home)
    for _ in range(3):
        home.clock.advance(COOLDOWN_S)
        await home.leases.look()
        assert home.leases.breaker is BreakerState.OPEN, "the probe failed"
    [warning] = home.leases.warnings()
    assert "cannot be used" in warning
    assert "/" not in warning, "nobody needs to know the path"
    assert len(home.lines) == 1
    assert b"File exists" in home.lines[0]


async def test_a_probe_finds_out_that_the_directory_can_be_used_again(home: House) -> None:
    await _fail(home)
    home.mend_directory()
    home.clock.advance(COOLDOWN_S * 0.9)
    await home.leases.look()
    assert (await home.leases.acquire(["k"])).bare, "it was probed too early"
    home.clock.advance(COOLDOWN_S * 0.1)
    await home.leases.look()
    assert home.leases.breaker is BreakerState.CLOSED
    assert home.leases.warnings() == []
    assert len(home.lines) == 2
    grip = await home.leases.acquire(["k"])
    assert not grip.bare
    await home.leases.release(grip)
    assert home.names() == []


async def test_a_probe_writes(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await _fail(home)
    home.mend_directory()
    home.clock.advance(COOLDOWN_S)
    monkeypatch.setattr("os.write", _raise)
    await home.leases.look()
    assert home.leases.breaker is BreakerState.OPEN


async def test_single_failures_do_no_more_than_their_own_harm(home: House) -> None:
    await home.settled()
    for _ in range(3 * FAILURES):
        home.break_directory()
        assert (await home.leases.acquire(["k"])).bare
        home.mend_directory()
        grip = await home.leases.acquire(["k"])
        assert not grip.bare
        await home.leases.release(grip)
    assert home.leases.breaker is BreakerState.CLOSED
    assert home.lines == []


async def test_who_is_refused_one_key_is_refused_although_another_cannot_be_looked_at(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await home.neighbour.acquire("held")
    real = FileLeases.acquire

    def acquire(leases: FileLeases, key: str, *rest: Any) -> Any:
        return _raise() if key == "fails" else real(leases, key, *rest)

    monkeypatch.setattr(FileLeases, "acquire", acquire)
    with pytest.raises(LeaseHeld):
        await home.leases.acquire(["fails", "held"])
    grip = await home.leases.acquire(["fails", "free"])
    assert grip.bare
    await home.leases.release(grip)
    assert not await home.neighbour.is_locked("free")


async def test_a_renewal_that_fails_leaves_the_lease_until_it_runs_out(home: House) -> None:
    grip = await home.leases.acquire(["k"])
    home.break_directory()
    home.clock.advance(RENEW_S)
    await home.leases.look()
    await home.leases.confirm(grip)
    bare = [grip.bare]
    home.clock.advance(RENEW_S)
    await home.leases.confirm(grip)
    bare.append(grip.bare)
    assert bare == [False, True], "from then on nobody can tell whether it was lost"
    home.mend_directory()
    await home.leases.release(grip)
    assert home.names() == [], "and it is given back all the same"
    assert home.counted() == {"acquired": 1, "expired": 1, "fallbacks": 1}


async def test_a_grip_that_cannot_be_confirmed_in_an_outage_becomes_bare_without_a_try(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grip = await home.leases.acquire(["held"])
    await _fail(home)
    home.clock.advance(TTL_S)
    monkeypatch.setattr(FileLeases, "renew", None)
    await home.leases.confirm(grip)
    assert grip.bare
    assert len(home.lines) == 1, "a try would have failed, and been logged"


async def test_a_release_that_fails_is_counted_and_does_not_keep_the_key_from_its_own_process(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grip = await home.leases.acquire(["k"])
    with monkeypatch.context() as patch:
        patch.setattr("os.rename", _raise)
        await home.leases.release(grip)
    assert home.counted() == {"acquired": 1, "release_failures": 1}
    assert await home.neighbour.is_locked("k")
    grip = await home.leases.acquire(["k"])
    assert not grip.bare
    await home.leases.release(grip)
    assert home.names() == []
    monkeypatch.setattr(FileLeases, "renew", None)  # what was left over is so no longer
    await home.leases.release(await home.leases.acquire(["k"]))


async def test_a_lease_that_could_not_be_released_runs_out(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    grip = await home.leases.acquire(["k"])
    with monkeypatch.context() as patch:
        patch.setattr("os.rename", _raise)
        await home.leases.release(grip)
    home.clock.advance(TTL_S)
    lease = await home.neighbour.acquire("k")
    with pytest.raises(LeaseHeld):
        await home.leases.acquire(["k"])
    await home.neighbour.release(lease)
    await home.leases.release(await home.leases.acquire(["k"]))
    assert home.names() == []


async def test_a_defect_is_raised_and_logged_and_ends_nothing_else(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(FileLeases, "acquire", None)
        with pytest.raises(TypeError):
            await home.leases.acquire(["k"])
    assert b"not callable" in home.lines[0]
    grip = await home.leases.acquire(["k"])
    assert not grip.bare


async def _fail(home: House) -> None:
    """Break the directory, and let so many commands find it out that it is left alone."""
    await home.settled()
    home.break_directory()
    for _ in range(FAILURES):
        grip = await home.leases.acquire(["k"])
        assert grip.bare
        await home.leases.release(grip)


def _raise(*_: object, **__: object) -> Path:
    raise OSError(30, "Read-only file system")
