"""A PostgreSQL of the demo: prints the URL of its database, and ends when its input does.

A process of its own, because its programs are found by what the tests are made of, which the
demo's own environment has not.
"""

import sys

from tests.real.absent import Absent
from tests.real.postgres import postgres_cluster


def main() -> int:
    """Run it; return 0, or 2 when there is none on this machine."""
    try:
        with postgres_cluster(durable=True, on_disk=True) as cluster:
            print(cluster.url("postgres"), flush=True)
            sys.stdin.read()
    except Absent as absent:
        print(f"demo: {absent}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
