"""Makes keys one after another, as one of several processes: ``creator.py FILE CLIENT N``."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from surestock.access.changing import Grant, add_key, revoke_key
from surestock.access.scope import Scope

path, client, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
for _ in range(count):
    now = datetime.now(UTC)
    kept = add_key(path, Grant(client, [Scope.INVENTORY_READ]), now)
    gone = add_key(path, Grant(client, [Scope.OPS_READ]), now)
    revoke_key(path, gone.key_id, now)
    sys.stdout.write(f"{kept.key_id} {gone.key_id}\n")
