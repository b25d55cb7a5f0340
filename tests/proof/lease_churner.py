"""A process that takes, keeps, renews, outstays and gives back leases at random until it is killed.

``python -m tests.proof.lease_churner KIND DIRECTORY NAME SEED`` appends a line of JSON to a file of
its own for each moment, in monotonic seconds, at which it had a lease for certain.
"""

import json
import os
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from surestock.kit.boot import boot_id
from surestock.kit.clock import SystemClock
from surestock.locking.lease import FileLeases, Lease, LeaseHeld, LeaseLost
from tests.proof.lease_stealer import KINDS

KEYS = ("a", "b", "c")
TTL_S = 0.02


def churn(leases: FileLeases, note: int, seed: int) -> None:
    """Go on for ever."""
    dice = random.Random(seed)
    while True:
        with suppress(LeaseHeld, LeaseLost):
            lease = leases.acquire(dice.choice(KEYS), TTL_S)
            _write(note, lease)
            while dice.random() < 0.4:
                time.sleep(dice.random() * TTL_S * 0.8)
                lease = leases.renew(lease, TTL_S)
                _write(note, lease)
            time.sleep(dice.random() ** 4 * TTL_S * 1.5)
            _write(note, lease)
            leases.release(lease)


def _write(note: int, lease: Lease) -> None:
    """Note that the lease was had just now; or when its time was over, if that is earlier."""
    had = min(time.monotonic(), lease.expires_at)
    line: dict[str, Any] = {"key": lease.key, "token": lease.token, "had": had}
    os.write(note, json.dumps(line).encode() + b"\n")


if __name__ == "__main__":
    _kind, _directory, _name, _seed = sys.argv[1:]
    _note = os.open(f"{_directory}/{_name}.notes", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _leases = KINDS[_kind](Path(_directory) / "locks", _name, SystemClock(), boot_id())
    churn(_leases, _note, int(_seed))
