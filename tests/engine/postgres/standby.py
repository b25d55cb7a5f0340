"""A synchronous standby that is wanted and not there: commits wait until nobody wants it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.real.postgres import Cluster
from tests.real.postgres_wire import StatementFailed

_MOST_AWAITED_S = 60
_LOOK_EVERY_S = 0.02
_COMMITS = "SELECT pg_logical_emit_message(true, 'test', '')"


def want_standby(cluster: Cluster, name: str) -> None:
    """Let commits wait for a standby of this name; for none when it is empty."""
    cluster.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    cluster.execute("SELECT pg_reload_conf()")


def miss_standby(cluster: Cluster) -> None:
    """Want one that is not there, and return once commits wait for it.

    The server's processes learn of it one by one.
    """
    want_standby(cluster, "gone")
    is_missed = threading.Event()

    def commit() -> None:
        # What fails once it waits fails in vain; it must not be the failure of another test.
        with suppress(OSError, StatementFailed):
            while not is_missed.is_set():
                cluster.execute(_COMMITS)

    threading.Thread(target=commit, daemon=True).start()
    try:
        assert await_session(cluster, "wait_event = 'SyncRep'"), "no commit waits"
    except BaseException:
        want_standby(cluster, "")
        raise
    finally:
        is_missed.set()


@contextmanager
def missing_standby(cluster: Cluster) -> Iterator[None]:
    """Let commits wait for the length of the block."""
    miss_standby(cluster)
    try:
        yield
    finally:
        want_standby(cluster, "")


def await_session(cluster: Cluster, waits: str, most_s: float = _MOST_AWAITED_S) -> bool:
    """Wait until a session waits so, but not for ever; return whether one does."""
    deadline = time.monotonic() + most_s
    asked = f"SELECT FROM pg_stat_activity WHERE {waits}"
    while not cluster.execute(asked):
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_S)
    return True
