"""What every test shares: the event loop, Hypothesis's profile, the guard against blocking calls.

Fixtures about one subject live in that subject's folder.
"""

import os
from collections.abc import Iterator

import pytest
from blockbuster import BlockBuster, BlockBusterFunction, blockbuster_ctx
from hypothesis import HealthCheck, settings

# On a shared machine the time of one example says nothing; pytest's time-out guards the whole.
settings.register_profile(
    "dev", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# The same examples in every run: a red build means that the code changed.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

# Blocking calls of the journal that blockbuster misses by itself.
_DISK_CALLS = ("fsync", "fdatasync", "ftruncate", "pwrite")
_DRIVER_CALLS = {"_read_password_file", "_parse_connect_dsn_and_args"}
_LOCK_CALLS = ("threading.Lock.acquire", "threading.Lock.acquire_lock")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Coroutine tests run on asyncio, the loop that the service runs on."""
    return "asyncio"


@pytest.fixture
def no_blocking_calls() -> Iterator[BlockBuster]:
    """Fail the test when code of surestock blocks the event loop, on the disk or otherwise.

    A folder opts in with `pytestmark = pytest.mark.usefixtures("no_blocking_calls")` in a module
    or an autouse fixture in its conftest. Threads may block: the guard looks at the loop only.
    """
    with blockbuster_ctx("surestock") as guard:
        for name in _DISK_CALLS:
            call = BlockBusterFunction(os, name, scanned_modules="surestock")
            guard.functions[f"os.{name}"] = call
            call.activate()
        for function in guard.functions.values():
            # The driver looks for files of passwords and keys when it connects, which is seldom.
            function.can_block_in("asyncpg/connect_utils.py", _DRIVER_CALLS)
        for name in _LOCK_CALLS:
            # Coverage locks its own data when it comes upon a file, in whatever thread that is.
            guard.functions[name].can_block_in("coverage/collector.py", "lock_data")
        yield guard
