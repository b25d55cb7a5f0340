"""A guard lets one owner at a time at a lease, is waited for shortly, and counts the tokens."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from surestock.locking.lease import FileLeases, GuardBusy, LeaseHeld
from tests.locking.lessees import TTL_S, Lessees
from tests.locking.neighbour import neighbour

_HAVE = """
import fcntl, sys
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("here", flush=True)
"""


def test_tokens_grow_although_leases_are_removed(anna: FileLeases, ben: FileLeases) -> None:
    tokens = []
    for owner in (anna, ben, anna, ben):
        lease = owner.acquire("k", TTL_S)
        owner.release(lease)
        tokens.append(lease.token)
    assert tokens == sorted(set(tokens))


def test_tokens_grow_over_a_reboot(lessees: Lessees) -> None:
    lessees.clock.advance(1_000)
    before = lessees.owner("anna").acquire("k", TTL_S)
    lessees.reboot()
    assert lessees.owner("ben").acquire("k", TTL_S).token == before.token + 1


@pytest.mark.parametrize(
    "content", [b"", b"7", b"x" * 21, b"-0000000000000000007\n", b"1" * 4_096, bytes(21)]
)
def test_tokens_grow_over_a_guard_that_is_spoilt(
    lessees: Lessees, anna: FileLeases, content: bytes
) -> None:
    lessees.clock.advance(1_000)
    before = anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S)
    guard = _guard(lessees)
    guard.write_bytes(content)
    first = lessees.owner("ben").acquire("k", TTL_S)
    assert first.token > before.token
    assert len(guard.read_bytes()) == 21
    lessees.clock.advance(TTL_S)
    assert anna.acquire("k", TTL_S).token == first.token + 1


def test_owners_agree_again_on_a_guard_that_somebody_removed(
    lessees: Lessees, anna: FileLeases, ben: FileLeases
) -> None:
    """As one does who takes the files for what a crash left behind."""
    lessees.clock.advance(1_000)
    before = anna.acquire("k", TTL_S)
    ben.probe()
    for name in lessees.names():
        (lessees.directory / name).unlink()
    lessees.clock.advance(1e-6)
    after = ben.acquire("k", TTL_S)
    assert after.token > before.token
    with pytest.raises(LeaseHeld, match="ben"):
        anna.acquire("k", TTL_S)
    with _held(_guard(lessees)), pytest.raises(GuardBusy):
        anna.acquire("k", TTL_S)


def test_a_busy_guard_is_waited_for_in_growing_steps_and_not_for_long(
    lessees: Lessees, anna: FileLeases
) -> None:
    anna.release(anna.acquire("k", TTL_S))
    with _held(_guard(lessees)), pytest.raises(GuardBusy):
        anna.acquire("k", TTL_S)
    assert lessees.pauses == sorted(lessees.pauses)
    assert len(lessees.pauses) < 12
    assert sum(lessees.pauses) == pytest.approx(0.1, rel=0.1)
    anna.acquire("k", TTL_S)


def test_a_guard_that_comes_free_is_taken(lessees: Lessees) -> None:
    anna = lessees.owner("anna")
    anna.release(anna.acquire("k", TTL_S))
    held = os.open(_guard(lessees), os.O_RDWR)
    fcntl.flock(held, fcntl.LOCK_EX)

    def pause(seconds: float) -> None:
        lessees.pauses.append(seconds)
        if len(lessees.pauses) == 3:
            os.close(held)

    ben = FileLeases(lessees.directory, "ben", lessees.clock, lessees.boot, pause)
    ben.acquire("k", TTL_S)
    assert len(lessees.pauses) == 3


def test_who_waited_in_vain_does_not_wait_again_for_a_second(
    lessees: Lessees, anna: FileLeases
) -> None:
    anna.release(anna.acquire("k", TTL_S))
    with _held(_guard(lessees)):
        with pytest.raises(GuardBusy):
            anna.acquire("k", TTL_S)
        waits = len(lessees.pauses)
        lessees.clock.advance(0.9)
        with pytest.raises(GuardBusy):
            anna.acquire("k", TTL_S)
        assert len(lessees.pauses) == waits
        lessees.clock.advance(0.1)
        with pytest.raises(GuardBusy):
            anna.acquire("k", TTL_S)
        assert len(lessees.pauses) == 2 * waits


def test_a_process_that_stands_still_in_a_guard_lets_nobody_pass_and_none_after_its_death(
    lessees: Lessees, anna: FileLeases
) -> None:
    anna.release(anna.acquire("k", TTL_S))
    with neighbour(_HAVE, str(_guard(lessees))) as other:
        other.stop()
        with pytest.raises(GuardBusy):
            anna.acquire("k", TTL_S)
        other.kill()
        anna.acquire("k", TTL_S)


def test_probes_end_although_one_guard_is_busy(lessees: Lessees, anna: FileLeases) -> None:
    anna.release(anna.acquire("k", TTL_S))
    with _held(_guard(lessees)):
        for _ in range(200):
            lessees.clock.advance(1)
            with suppress(GuardBusy):
                anna.probe()
    assert len(lessees.names("guard-")) > 32


def test_a_forked_child_that_still_has_the_descriptors_holds_nobody_up(
    lessees: Lessees, anna: FileLeases, ben: FileLeases
) -> None:
    lease = anna.acquire("k", TTL_S)
    [guard] = [fd for fd in _descriptors() if fd.readlink() == _guard(lessees)]
    copy = os.dup(int(guard.name))
    anna.release(lease)
    ben.acquire("k", TTL_S)
    os.close(copy)


def _guard(lessees: Lessees) -> Path:
    [name] = lessees.names("guard-")
    return lessees.directory / name


def _descriptors() -> list[Path]:
    return [each for each in Path("/proc/self/fd").iterdir() if each.is_symlink()]


@contextmanager
def _held(path: Path) -> Iterator[None]:
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)
