"""Whoever dies over a lease, at whatever step, leaves what the next one copes with.

A forked child dies for good, without a ``finally``, before or after one of its calls to the system;
or in the middle of a write, as a process does that is killed while the disk is full.
"""

import fcntl
import os
from collections.abc import Callable
from typing import Any

import pytest

from surestock.locking.lease import FileLeases, LeaseHeld, LeaseLost
from tests.locking.lessees import TTL_S, Lessees

_CALLS = ("open", "close", "read", "pread", "write", "pwrite", "ftruncate", "rename", "unlink")
_MOST_STEPS = 60
_LIVED, _FAILED, _DIED = 0, 1, 42

Verb = Callable[[FileLeases, Lessees], None]


def _acquire_and_release(leases: FileLeases, _: Lessees) -> None:
    leases.release(leases.acquire("k", TTL_S))


def _acquire_and_renew(leases: FileLeases, lessees: Lessees) -> None:
    lease = leases.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S / 2)
    leases.renew(lease, TTL_S)


def _steal_and_release(leases: FileLeases, lessees: Lessees) -> None:
    lessees.clock.advance(TTL_S)
    leases.release(leases.acquire("k", TTL_S, "longer than what it takes the place of"))


@pytest.mark.parametrize("torn", [False, True])
@pytest.mark.parametrize("verb", [_acquire_and_release, _acquire_and_renew, _steal_and_release])
def test_the_next_owner_copes_with_a_death_at_any_step(
    tmp_path_factory: pytest.TempPathFactory, verb: Verb, *, torn: bool
) -> None:
    died = 0
    for step in range(_MOST_STEPS):
        lessees = Lessees(tmp_path_factory.mktemp("step") / "locks")
        old = lessees.owner("first").acquire("k", TTL_S) if verb is _steal_and_release else None
        if _dies(lessees, verb, step, torn=torn):
            died += 1
        elif not torn:
            break
        _next_one_copes(lessees, old.token if old else 0)
    else:
        assert torn, "the verb has more steps than were tried"
    assert died >= (2 if torn else 15)


def _next_one_copes(lessees: Lessees, last_token: int) -> None:
    """The key is held by who is dead until its time is over, or free; then all goes on."""
    ben = lessees.owner("ben")
    if ben.is_locked("k"):
        with pytest.raises(LeaseHeld):
            ben.acquire("k", TTL_S)
        lessees.clock.advance(TTL_S * 2)
    lease = ben.acquire("k", TTL_S)
    assert lease.token > last_token
    ben.release(ben.renew(lease, TTL_S))
    with pytest.raises(LeaseLost):
        ben.release(lease)
    assert {name.partition("-")[0] for name in lessees.names()} <= {"guard", "spare"}
    assert len(lessees.names()) <= 2
    assert ben.acquire("k", TTL_S).token > lease.token
    ben.close()


def _dies(lessees: Lessees, verb: Verb, step: int, *, torn: bool) -> bool:
    """Run ``verb`` in a child that dies at ``step``; return whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            _arm(step, torn=torn)
            verb(lessees.owner("anna"), lessees)
            os._exit(_LIVED)
        finally:
            os._exit(_FAILED)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {_DIED, _LIVED}
    return os.waitstatus_to_exitcode(status) == _DIED


def _arm(step: int, *, torn: bool) -> None:
    """Let the calls to the system count, and the process die before one of them or in it."""
    count = 0

    def counting(real: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            if count == step:
                if torn and name in {"write", "pwrite"}:
                    real(args[0], args[1][: len(args[1]) // 2], *args[2:])
                if not torn or name in {"write", "pwrite"}:
                    os._exit(_DIED)
            count += 1
            return real(*args, **kwargs)

        return call

    for name in _CALLS:
        setattr(os, name, counting(getattr(os, name), name))
    fcntl.flock = counting(fcntl.flock, "flock")
