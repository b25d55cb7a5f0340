"""One of several processes that go for the same expired leases at the same time.

``python -m tests.proof.lease_stealer KIND DIRECTORY NUMBER STEALERS ROUNDS`` prints the rounds that
it won, in JSON. Round after round the processes wait for each other, in a page of shared memory.
"""

import json
import mmap
import os
import sys
from datetime import datetime
from pathlib import Path
from struct import Struct

from surestock.kit.boot import boot_id
from surestock.kit.clock import SystemClock
from surestock.locking.lease import FileLeases, LeaseHeld
from tests.proof.lease_seed import ReadDeleteCreate, Unguarded

KINDS = {"ours": FileLeases, "unguarded": Unguarded, "read-delete-create": ReadDeleteCreate}
PROGRESS = "progress"
_TTL_S = 3_600.0
_ROUND = Struct("q")


class _Past:
    """The machine's clock two hours ago: leases of that time are over by now."""

    def now(self) -> datetime:
        return SystemClock().now()

    def monotonic(self) -> float:
        return SystemClock().monotonic() - 2 * _TTL_S


def key_of(number: int) -> str:
    """Return the key of a round's lease."""
    return f"round-{number}"


def lay_out(kind: str, directory: Path, rounds: int) -> None:
    """Make the leases of somebody who died long ago, and the page on which stealers meet."""
    dead = KINDS[kind](directory / "locks", "dead", _Past(), boot_id())
    for number in range(rounds):
        dead.acquire(key_of(number), _TTL_S)
    dead.close()
    (directory / PROGRESS).write_bytes(bytes(mmap.PAGESIZE))


def steal(kind: str, directory: Path, me: int, stealers: int, rounds: int) -> list[int]:
    """Go for the lease of each round as soon as all others have come so far; return those won."""
    with (directory / PROGRESS).open("r+b") as file:
        page = mmap.mmap(file.fileno(), mmap.PAGESIZE)
    leases = KINDS[kind](directory / "locks", f"stealer-{me}", SystemClock(), boot_id())
    won = []
    parent = os.getppid()
    for number in range(rounds):
        _ROUND.pack_into(page, me * _ROUND.size, number + 1)
        while any(
            _ROUND.unpack_from(page, each * _ROUND.size)[0] <= number for each in range(stealers)
        ):
            if os.getppid() != parent:
                raise SystemExit("who started this is gone")
            os.sched_yield()
        try:
            leases.acquire(key_of(number), _TTL_S)
        except (LeaseHeld, OSError):  # one with a hole may find its files gone
            continue
        won.append(number)
    return won


if __name__ == "__main__":
    _kind, _directory, *_numbers = sys.argv[1:]
    print(json.dumps(steal(_kind, Path(_directory), *map(int, _numbers))))
