"""Makes keys one after another, as one of several processes: ``creator.py FILE CLIENT N``.

Who is refused since others are at the file for long, as on a machine that stands still, asks again.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from surestock.access.changing import Grant, add_key, revoke_key
from surestock.access.errors import KeysFileBusy
from surestock.access.scope import Scope

T = TypeVar("T")


def insisting(change: Callable[..., T], *arguments: object) -> T:
    while True:
        try:
            return change(*arguments)
        except KeysFileBusy:  # after ten seconds of asking
            continue


path, client, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for _ in range(count):
    now = datetime.now(UTC)
    kept = insisting(add_key, path, Grant(client, [Scope.INVENTORY_READ]), now)
    gone = insisting(add_key, path, Grant(client, [Scope.OPS_READ]), now)
    insisting(revoke_key, path, gone.key_id, now)
    sys.stdout.write(f"{kept.key_id} {gone.key_id}\n")
